"""What one card gets of its issuer's keys, and the scripts that bring it onto the chip."""
