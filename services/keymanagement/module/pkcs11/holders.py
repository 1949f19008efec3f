"""Which token holds which key: PKCS#11 authorises per token, so a token is what its owner may do.

The custodians' token has every symmetric key, exportable ones extractable, and the public half of
every pair. A caller's token has what its grants name, its own signing key, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Final

from services.keymanagement.module.policy import Caller

__all__ = ["CUSTODIANS", "holders", "may_hold", "token_label"]

CUSTODIANS: Final = "custodians"
"""The token of ceremonies and exports; the running module reads its public objects alone."""

_LABEL: Final = 32  # octets, of every token's label


def token_label(house: str, owner: str) -> str:
    """Name a token: house and owner, or shortened with a digest where that is too long.

    Args:
        house: tells the tokens of one folder of keys from others' in the same HSM; often empty.
        owner: a caller's name, or `CUSTODIANS`.
    """
    label = f"{house}:{owner}" if house else owner
    if len(label) <= _LABEL:
        return label
    return f"{label[:15]}~{sha256(label.encode()).hexdigest()[:16]}"


def may_hold(caller: Caller, label: str) -> bool:
    """Whether a caller's token is to hold a key."""
    return label == caller.signing_key or any(
        fnmatchcase(label, pattern) for pattern in caller.grant.labels
    )


def holders(callers: Iterable[Caller], label: str) -> list[str]:
    """Return the callers whose tokens hold a key."""
    return [each.name for each in callers if may_hold(each, label)]
