"""Measurements of a whole line: they print figures and ratios, and assert nothing."""
