"""Certificates: of issuers by payment systems' authorities, and the authorities' public keys."""
