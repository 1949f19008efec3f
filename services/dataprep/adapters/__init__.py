"""Data preparation's edges: its database, and the protobuf form of what it reads and writes."""
