"""A clock, a good row and key pairs for the issuer's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import ECKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

GOOD: dict[str, Any] = {
    "request_id": "AUR-00001-AA",
    "product": "emv-debit",
    "consent": {"reference": "C-1000", "given_at": "now-1d", "expires_at": "now+9d"},
    "cardholder": {"surname": "Sample", "given_names": "Ada"},
}


def fresh_key(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": key_id})
