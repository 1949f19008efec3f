"""The verbs of the security module, a family a file."""
