"""Cardwright: smart-card personalization with a chain of custody that outsiders can verify."""
