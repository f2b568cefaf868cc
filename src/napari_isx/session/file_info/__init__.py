"""What a file knows of itself, in words."""
