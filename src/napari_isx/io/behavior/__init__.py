"""nVision behavior movies (`.isxb`) with their tracking."""
