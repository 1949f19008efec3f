"""The module's console: what custodians type, and what they are told."""
