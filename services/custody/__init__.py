"""Custody: the only writer of the log, and production control beside it."""
