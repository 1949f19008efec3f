"""Logistics: boxes with serial shipping container codes, dispatch, destruction, stock."""
