"""The dock *Recording info*: what a file knows of itself."""
