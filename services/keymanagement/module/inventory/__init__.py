"""All keys that ever were: their journal, their states, and what each may do now."""
