"""Pictures of a cell's events, and of all traces."""
