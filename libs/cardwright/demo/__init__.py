"""The demonstration: two issuers, sixty requests, one operator, and what becomes of each."""
