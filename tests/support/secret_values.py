"""The secret values of a run, found as their owners would find them: with all the keys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from cardwright.emv.dgi import parse_all
from cardwright.iso import stripe, tlv
from cardwright.line.databases import database_of
from cardwright.line.line import Line
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.proto.vault.v1.sections_pb2 import (
    ChipKeysSection,
    InspectionSection,
    MailerSection,
    PrintSection,
    SealedBlob,
    StripeSection,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import open_sealed, parse_sealed, unwrap_data_key
from cardwright.vault.vault import SECTIONS
from services.keymanagement.module.keys import Key
from services.keymanagement.module.keystore import load_keystore
from services.keymanagement.module.software import SoftwareBackend
from tests.support.secret_search import SHORTEST, Secret

__all__ = ["collect_secrets"]

_PUBLIC = frozenset({"issuer_name", "card_id", "expiry_mmyy", "expiry_date", "cvv2"})
"""Fields of a card's face that are no secret, or (CVV2) too short to be searched by themselves."""
_TEMPLATE, _TRACK2_EQUIVALENT = 0x70, 0x57
_MASTER_KEYS, _TDES_KEY = 0x8000, 16
_WINDOW = 32


async def collect_secrets(line: Line) -> list[Secret]:
    """Return what this line knows and must not tell.

    Personal data and card keys come from the vault, opened with the keystore's own keys. Employee
    numbers and departments are among them: they reach the house sealed, as names do.
    """
    layout = line.layout
    passphrase = SecretText((layout.keys / "passphrase").read_text().strip())
    keys = load_keystore(layout.keys / "keystore.json", passphrase)
    found = [
        Secret("passphrase", passphrase.reveal().encode()),
        *(Secret(f"key {key.key_id}", value.reveal()) for key, value in keys.items()),
        *_files(layout.keys / "tokens", "token"),
        *_files(layout.root / "passwords", "password"),
        *_private_keys(layout.issuer_secrets),
        *_chips(layout.floor),
    ]
    password = urlsplit(line.superuser_dsn("postgres")).password
    if password:
        found.append(Secret("password superuser", password.encode()))
    found += [secret async for secret in _vault(line, keys)]
    return sorted({s.value: s for s in found}.values(), key=lambda secret: secret.name)


def _files(folder: Path, kind: str) -> Iterator[Secret]:
    for path in sorted(folder.iterdir()):
        yield Secret(f"{kind} {path.name}", path.read_bytes().strip())


def _private_keys(folder: Path) -> Iterator[Secret]:
    for path in sorted(folder.glob("*.jwk.json")):
        yield Secret(f"private key {path.name}", json.loads(path.read_text())["d"].encode())


def _chips(floor: Path) -> Iterator[Secret]:
    for path in sorted(floor.rglob("chip.bin")):
        for key_set in json.loads(path.read_text())["keys"]:
            for name, (_, value) in key_set["keys"].items():
                yield Secret(f"chip key {name} {path.parent.name}", bytes.fromhex(value))


async def _vault(line: Line, keys: dict[Key, SecretBytes]) -> AsyncIterator[Secret]:
    backend = SoftwareBackend(keys)
    by_id = {key.key_id: key for key in keys}
    db = await asyncpg.connect(line.superuser_dsn(database_of("vault")))
    apart = await asyncpg.connect(line.superuser_dsn(database_of("datakeys")))
    try:
        for section in SECTIONS:
            rows = await db.fetch(f"SELECT card_id::text, sealed FROM section_{section}")
            for card_id, sealed in rows:
                blob = parse_sealed(sealed)
                blob.wrapped_key = await apart.fetchval(
                    f"SELECT wrapped_key FROM key_{section} WHERE card_id = $1 AND nonce = $2",
                    card_id,
                    blob.nonce,
                )
                shared = backend.agree(by_id[blob.key_id], blob.ephemeral)
                for secret in _opened(section, card_id, blob, shared):
                    yield Secret(f"{secret.name} of {section} {card_id}", secret.value)
    finally:
        await db.close()
        await apart.close()


def _opened(section: str, card_id: str, blob: SealedBlob, shared: SecretBytes) -> Iterator[Secret]:
    data_key = unwrap_data_key(shared, card_id, section, blob.wrapped_key)
    yield Secret("data key", data_key.reveal())
    content = open_sealed(blob, card_id, section, data_key).reveal()
    match section:
        case "request":
            yield from _request(SensitiveData.FromString(content))
        case "print":
            yield from _print(PrintSection.FromString(content))
        case "stripe":
            yield from _stripe(StripeSection.FromString(content))
        case "inspection":
            yield from _records(InspectionSection.FromString(content))
        case "chip_keys":
            yield from _card_keys(ChipKeysSection.FromString(content))
        case "mailer":
            yield from _mailer(MailerSection.FromString(content))
        case _:
            pass  # a PIN is too short, and what else there is the other sections hold as well


def _request(data: SensitiveData) -> Iterator[Secret]:
    texts = {
        "surname": data.cardholder.surname,
        "given names": data.cardholder.given_names,
        "given PAN": data.account.pan,
        "employee number": data.employee.number,
        "department": data.employee.department,
        **{f"address line {n}": line for n, line in enumerate(data.address.lines)},
    }
    for name, text in texts.items():
        for variant in dict.fromkeys((text, text.upper())):
            if len(variant.encode()) >= SHORTEST:
                yield Secret(name, variant.encode())
    if data.photo:
        yield Secret("photo", _middle(data.photo))


def _print(section: PrintSection) -> Iterator[Secret]:
    for name, text in section.text.items():
        if name not in _PUBLIC:
            yield Secret(name, text.encode())
    if "cvv2" in section.text:
        yield from _in_context("cvv2", section.text["cvv2"])


def _in_context(name: str, digits: str) -> Iterator[Secret]:
    """Yield how three digits would be written beside their name, as protobuf and as text."""
    field = name.encode()
    octets = digits.encode()
    yield Secret(f"{name} in protobuf", b"\n\x04" + field + b"\x12\x03" + octets)
    for between in ('": "', '":"', "': '", "=", ": ", " "):
        yield Secret(f"{name} in text", field + between.encode() + octets)


def _stripe(section: StripeSection) -> Iterator[Secret]:
    for number, text in ((1, section.track1), (2, section.track2)):
        if not text:
            continue
        yield Secret(f"track {number}", text.encode())
        yield Secret(f"track {number} bits", stripe.encode(number, SecretText(text)).bits)
    account, _, tail = section.track2.strip(";?").partition("=")
    if account:
        yield Secret("PAN", account.encode())
        yield Secret("discretionary data with CVV", tail.encode())
        dashed = "-".join(account[at : at + 4] for at in range(0, len(account), 4))
        yield Secret("PAN with dashes", dashed.encode())


def _records(section: InspectionSection) -> Iterator[Secret]:
    for record in (each for application in section.applications for each in application.records):
        found = tlv.find(record.content, _TEMPLATE, _TRACK2_EQUIVALENT)
        if found:
            tail = found.hex().upper().partition("D")[2].rstrip("F")
            yield Secret("track 2 equivalent data", found)
            yield Secret("discretionary data with iCVV", tail.encode())


def _card_keys(section: ChipKeysSection) -> Iterator[Secret]:
    """Yield keys as the module keeps them; three master keys of a card are one grouping."""
    for application in section.applications:
        for dgi in (dgi for each in application.sensitive for dgi in parse_all(each)):
            name = f"card grouping {dgi.id:04X}"
            yield Secret(name, dgi.value)
            if dgi.id == _MASTER_KEYS:
                for at in range(0, len(dgi.value), _TDES_KEY):
                    yield Secret(f"{name} key", dgi.value[at : at + _TDES_KEY])


def _mailer(section: MailerSection) -> Iterator[Secret]:
    for text in (section.name, *section.lines):
        if len(text.encode()) >= SHORTEST:
            yield Secret("mailer", text.encode())


def _middle(data: bytes) -> bytes:
    at = max(0, len(data) // 2 - _WINDOW // 2)
    return data[at : at + _WINDOW]
