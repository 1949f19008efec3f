"""The RSA pool: cards' key pairs, made in the background, sealed, and used once ever."""
