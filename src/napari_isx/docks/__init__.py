"""One folder for each dock or dialog, with its view and its controller."""
