"""What erasure touches: the topic of events, its own tables, the vault's two databases."""
