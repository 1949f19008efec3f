"""What logistics touches: its database, the shredder, label files."""
