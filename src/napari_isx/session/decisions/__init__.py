"""What was decided about cells: undo, journal, saving."""
