"""The dock *Traces*: cells and channels over time."""
