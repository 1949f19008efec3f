"""Answers where a card is and who had it, from a projection of the log that can be rebuilt."""
