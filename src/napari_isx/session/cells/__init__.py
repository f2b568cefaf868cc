"""What is known of each cell, and the table to review them in."""
