"""Vessel sets (`.isxd`)."""
