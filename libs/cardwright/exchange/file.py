"""The personalization file: a header, a card a line, and a signature over all of it.

Each line is a JSON object in UTF-8 that ends with a line feed. What is signed are the octets of the
file as they are, up to the signature's line; nothing is ever encoded again to check it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cardwright.exchange.errors import PersonalizationFileError

__all__ = [
    "FORMAT",
    "FileApplication",
    "FileCard",
    "FileHeader",
    "PersonalizationFile",
    "Verifier",
    "read",
    "sealed",
    "signed_octets",
    "write",
]

Verifier = Callable[[bytes, bytes, str], bool]
"""Whether a signature (second) over octets (first) is of the key with that id."""

FORMAT: Final = "cardwright-personalization-file-v1"
_DOMAIN: Final = b"cardwright-personalization-file-v1\0"


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the whole file is.

    Attributes:
        batch: a UUID.
        made_at: when, RFC 3339 in UTC.
        sender: who signs, the signing key's label and version.
        recipient: the key-encryption key that was agreed on, by label.
        key_block: the transport key under it (ANSI X9.143, version D).
    """

    batch: str
    made_at: str
    sender: str
    recipient: str
    key_block: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileApplication:
    """One application of a chip: groupings as id, length and value each.

    Attributes:
        module: module to install.
        instance: name of the instance.
        plain: groupings that hold no key, in their order.
        sensitive: groupings whose values are enciphered under the transport key; they follow.
        checks: groupings that follow from keys: check values, PIN counters, certificates.
    """

    module: bytes
    instance: bytes
    plain: tuple[bytes, ...] = field(repr=False)
    sensitive: tuple[bytes, ...] = field(repr=False)
    checks: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileCard:
    """One card; ``reason`` is the code of why it could not be exported, and then it is empty."""

    card_id: str
    applications: tuple[FileApplication, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PersonalizationFile:
    """A file whose signature holds."""

    header: FileHeader
    cards: tuple[FileCard, ...]


def write(header: FileHeader, cards: Sequence[FileCard]) -> bytes:
    """Return the file's octets up to the signature's line."""
    first = {"format": FORMAT, "cards": len(cards), **_header(header)}
    return b"".join(map(_line, (first, *map(_card, cards))))


def signed_octets(content: bytes) -> bytes:
    """Return what is signed for these octets: a domain and their SHA-256 digest."""
    return _DOMAIN + sha256(content).digest()


def sealed(content: bytes, signature: bytes) -> bytes:
    """Return the whole file."""
    return content + _line({"signature": signature.hex().upper()})


def read(octets: bytes, verifies: Verifier) -> PersonalizationFile:
    """Check a file's signature, then read it.

    Args:
        octets: the whole file.
        verifies: takes what was signed, the signature and the signer's key id.

    Raises:
        PersonalizationFileError: EXCHANGE_FORMAT, EXCHANGE_SIGNATURE or EXCHANGE_COUNT.
    """
    content, _, last = octets.removesuffix(b"\n").rpartition(b"\n")
    content += b"\n"
    head, *lines = content.splitlines()
    try:
        first = json.loads(head)
        signature = bytes.fromhex(json.loads(last)["signature"])
        form, count = first.pop("format"), first.pop("cards")
        header = FileHeader(**first)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _malformed() from None
    if form != FORMAT:
        raise _malformed()
    if not verifies(signed_octets(content), signature, header.sender):
        raise PersonalizationFileError(
            "EXCHANGE_SIGNATURE",
            "The file is not as its sender signed it: ask for it again, by another way",
        )
    if count != len(lines):
        raise PersonalizationFileError("EXCHANGE_COUNT", "The file lacks cards, or has too many")
    try:
        return PersonalizationFile(header, tuple(_read_card(json.loads(line)) for line in lines))
    except (ValueError, KeyError, TypeError):
        raise _malformed() from None


def _header(header: FileHeader) -> dict[str, str]:
    return {
        "batch": header.batch,
        "made_at": header.made_at,
        "sender": header.sender,
        "recipient": header.recipient,
        "key_block": header.key_block,
    }


def _card(card: FileCard) -> dict[str, Any]:
    if card.reason:
        return {"card": card.card_id, "reason": card.reason}
    return {"card": card.card_id, "applications": list(map(_application, card.applications))}


def _application(application: FileApplication) -> dict[str, Any]:
    groupings = {
        "plain": application.plain,
        "sensitive": application.sensitive,
        "checks": application.checks,
    }
    return {
        "module": application.module.hex().upper(),
        "instance": application.instance.hex().upper(),
        **{name: [each.hex().upper() for each in found] for name, found in groupings.items()},
    }


def _read_card(line: dict[str, Any]) -> FileCard:
    return FileCard(
        line["card"],
        tuple(map(_read_application, line.get("applications", ()))),
        line.get("reason", ""),
    )


def _read_application(line: dict[str, Any]) -> FileApplication:
    plain, sensitive, checks = (
        tuple(bytes.fromhex(each) for each in line[name])
        for name in ("plain", "sensitive", "checks")
    )
    module, instance = (bytes.fromhex(line[name]) for name in ("module", "instance"))
    return FileApplication(module, instance, plain, sensitive, checks)


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _malformed() -> PersonalizationFileError:
    return PersonalizationFileError("EXCHANGE_FORMAT", f"The file is no {FORMAT}")
