"""What a request must be to become a card: versioned rules, pure decisions."""
