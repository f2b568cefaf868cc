"""The docks *Traces*, *Cells*, *Close-up*, *Heat map* and *Recording info*: what alone knows Qt."""
