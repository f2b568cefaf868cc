"""Event sets (`.isxd`)."""
