"""The dialog that lists what is in a recording folder."""
