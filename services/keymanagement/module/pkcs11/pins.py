"""PINs of tokens: derived, so that whoever knows a login or the passphrase needs no other secret.

A caller's PIN is HMAC-SHA-256 of its login, which is 256 random bits, over a text that names the
token; 32 hexadecimal digits of it, which every vendor's limits allow. The custodians' PIN and the
security officers' derive from the keystore's passphrase in the same way.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from cardwright.secret import SecretText

__all__ = ["officer_pin", "user_pin"]

_DIGITS = 32


def user_pin(secret: SecretText, token: str) -> SecretText:
    """Derive the user's PIN of a token from its owner's login or passphrase."""
    return _derived(secret, f"cardwright pkcs11 user {token}")


def officer_pin(passphrase: SecretText, token: str) -> SecretText:
    """Derive the security officer's PIN of a token from the passphrase."""
    return _derived(passphrase, f"cardwright pkcs11 officer {token}")


def _derived(secret: SecretText, purpose: str) -> SecretText:
    octets = hmac.digest(secret.reveal().encode(), purpose.encode(), sha256)
    return SecretText(octets.hex()[:_DIGITS])
