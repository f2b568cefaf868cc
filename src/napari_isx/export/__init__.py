"""Objects to tables, pictures and files of other programs."""
