"""The command ``cardwright``."""
