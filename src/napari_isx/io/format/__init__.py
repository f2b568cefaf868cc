"""The container of `.isxd`, JSON fields, bytes of a file, writing a whole file or none."""
