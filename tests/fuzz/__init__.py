"""Octets from strangers, by the million: ``make fuzz``. See docs/fuzzing.md."""
