"""What a file knows, in words."""
