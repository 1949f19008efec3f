"""The encoding station: stripe and chip are written by a machine, read back and compared."""
