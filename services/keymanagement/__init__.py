"""Key management: the security module's process, and the station that derives card keys by it."""
