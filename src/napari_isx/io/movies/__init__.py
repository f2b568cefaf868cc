"""Movies and images (`.isxd`, `.isxc`), their planes and colors."""
