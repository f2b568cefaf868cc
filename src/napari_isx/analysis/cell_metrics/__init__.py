"""What is measured of each cell, with its definition."""
