"""The dock *Heat map*: all traces at a glance."""
