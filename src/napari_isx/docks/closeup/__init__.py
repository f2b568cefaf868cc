"""The dock *Close-up*: the movie around a cell's events."""
