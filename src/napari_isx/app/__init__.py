"""Entry points in the window: commands, keys, and who connects docks with what is open."""
