"""A session as one NWB file."""
