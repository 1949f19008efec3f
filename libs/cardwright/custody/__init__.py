"""What makes custody checkable by outsiders: Merkle trees (RFC 6962), signed batches, chains."""
