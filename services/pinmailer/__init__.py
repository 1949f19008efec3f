"""The PIN mailer station: a sealed letter with the PIN, apart from the card and later than it."""
