"""Payment card values: verification codes, PINs, PIN blocks and what verifies a PIN."""
