"""One clock for recordings that are open together."""
