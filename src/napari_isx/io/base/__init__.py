"""What all kinds of file share: interfaces, time, space, signals, series."""
