"""What a recording folder holds, and which files belong together."""
