"""First articles: a test card of each product before the cards that are for people.

A first article is ordered as its product's first card is, but for nobody: what is personal in that
row is replaced, and the bureau allocates the account.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from cardwright.issuer.rows import RequestRow

__all__ = ["first_articles"]

_WIDTH, _HEIGHT, _GREY = 480, 600, 0xB0


def first_articles(rows: Iterable[RequestRow], folder: Path) -> Iterator[RequestRow]:
    """Yield a request for a test card of each product in ``rows``, in their order.

    Args:
        rows: an issuer's requests.
        folder: gets the portrait of nobody, if a product needs one.
    """
    seen: set[str] = set()
    for row in rows:
        if row.product not in seen:
            seen.add(row.product)
            yield _first_article(row, folder)


def _first_article(row: RequestRow, folder: Path) -> RequestRow:
    fields: dict[str, Any] = {
        "request_id": f"FA-{uuid4()}",
        "product": row.product,
        "lane": row.lane,
        "consent": {"reference": "first-article", "given_at": "now", "expires_at": "now+30d"},
        "cardholder": {"surname": "CARD", "given_names": "TEST"},
        "test_card": True,
    }
    if row.account:
        fields["account"] = {}
    if row.employee:
        fields["employee"] = {"number": "TEST-0001"}
    if row.address:
        fields["address"] = {"lines": ["Test cards"], "country": "XX"}
    if row.photo:
        fields["photo"] = _nobody(folder)
    return RequestRow.model_validate(fields)


def _nobody(folder: Path) -> Path:
    """Write a portrait of nobody: a grey PNG (ISO/IEC 15948)."""
    path = folder.absolute() / "first-article.png"
    lines = (b"\0" + bytes((_GREY,)) * _WIDTH) * _HEIGHT
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks)))
    return path


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
