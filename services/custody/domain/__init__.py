"""Custody's decisions: what enters the log, what is handed out, what the issuer is told."""
