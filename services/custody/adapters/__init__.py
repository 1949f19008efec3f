"""Custody's edge: what it publishes."""
