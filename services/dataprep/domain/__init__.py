"""Decisions of data preparation: from a request, a product and allocated values to sections."""
