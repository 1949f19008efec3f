"""The vault: personal data and keys by card and section, sealed so that writers cannot reopen."""
