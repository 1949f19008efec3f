"""The security module: the one process where clear keys exist, behind payment-HSM verbs."""
