"""Pure functions on arrays and frames: footprints, metrics, images of events, heat maps."""
