"""The dialog that decides about many cells by what was measured."""
