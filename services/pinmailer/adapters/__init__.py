"""What the PIN mailer station touches: its two sections of the vault, its printer, its settings."""
