"""Cell sets (`.isxd`): footprints, traces, statuses."""
