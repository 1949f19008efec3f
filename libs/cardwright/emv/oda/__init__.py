"""EMV offline data authentication (Book 2, clauses 5 to 7): certificates, signatures, requests."""
