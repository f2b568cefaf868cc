"""The dock *Export*: what is open, as files of other programs, and clips."""
