"""Saving, restoring, and the questions that go with them."""
