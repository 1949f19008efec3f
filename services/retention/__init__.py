"""Erasure: what the vault holds of cards whose time is over, or whose owner asks, is destroyed."""
