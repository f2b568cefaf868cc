"""The dock *Responses*: what cells do around events."""
