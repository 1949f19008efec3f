"""Simulated machines: card printer, encoder, inspector, PIN mailer printer; each its own process.

They stand for hardware: the *floor* (a folder) is the physical world, a durable ledger says what
each machine physically did, and the wire protocol of docs/devices.md is all that a driver shares.
"""
