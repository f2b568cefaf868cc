"""The dialog that compares two people's decisions."""
