"""What callers write: names of cards, page tokens, resume tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final
from uuid import UUID

from cardwright.rpc.errors import invalid
from services.query.adapters.store import Filters

__all__ = ["CardName", "parse_name", "parse_page_token", "parse_resume_token", "write_page_token"]

CardName = UUID | tuple[str, str]
"""A card's id, or its issuer and request id."""

_BINDING: Final = 8
"""Octets of the digest that binds a page token to its filters."""


def parse_name(text: str, field: str) -> CardName:
    """Read a card id or "issuer:request_id".

    Raises:
        RpcError: CARD_NAME.
    """
    issuer, colon, request_id = text.partition(":")
    if colon and issuer and request_id:
        return issuer, request_id
    card_id = _uuid(text)
    if card_id is None:
        raise invalid(field, "CARD_NAME", "A card is named by its id or as issuer:request_id.")
    return card_id


def parse_resume_token(text: str, now: int) -> int:
    """Read a position of the log; ``now`` stands for no token.

    Raises:
        RpcError: RESUME_TOKEN.
    """
    if not text:
        return now
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise invalid("resume_token", "RESUME_TOKEN", "Give a token that a watch returned, or 0.")
    return int(text)


def write_page_token(filters: Filters, last: str) -> str:
    """Make the token that goes on after card ``last`` with the same filters."""
    return base64.urlsafe_b64encode(UUID(last).bytes + _binding(filters)).decode().rstrip("=")


def parse_page_token(text: str, filters: Filters) -> UUID:
    """Read where a page begins: after this card.

    Raises:
        RpcError: PAGE_TOKEN, it is none; PAGE_TOKEN_FILTERS, it came with other filters.
    """
    if not text:
        return UUID(int=0)
    try:
        token = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        token = b""
    if len(token) != 16 + _BINDING:
        raise invalid("page_token", "PAGE_TOKEN", "Give the token as the page before returned it.")
    if token[16:] != _binding(filters):
        raise invalid(
            "page_token", "PAGE_TOKEN_FILTERS", "The token came with other filters: repeat those."
        )
    return UUID(bytes=token[:16])


def _binding(filters: Filters) -> bytes:
    text = f"{filters.issuer}\n{filters.state}\n{filters.product}"
    return hashlib.sha256(text.encode()).digest()[:_BINDING]


def _uuid(text: str) -> UUID | None:
    try:
        made = UUID(text)
    except ValueError:
        return None
    return made if str(made) == text.lower() else None
