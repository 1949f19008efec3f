"""EMV: card keys and cryptograms (Book 2), application data as personalization groups (CPS)."""
