"""ANSI X9.143 key blocks (TR-31): a key, what it may do, and a MAC over both, in printable text."""
