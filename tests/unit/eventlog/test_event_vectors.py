"""What was logged once is read for ever: the files are the past, the code must follow them."""

from __future__ import annotations

import hashlib
from typing import get_args

import pytest

from cardwright.card import Body
from cardwright.card.events import kind_name
from cardwright.custody.merkle import leaf_hash
from cardwright.custody.statement import SignatureVerifier
from cardwright.eventlog.codec import decode_event, decode_signed_fact
from tests.unit.eventlog.event_vectors import (
    ATTACHMENT,
    BODIES,
    CLAIMED,
    FOLDER,
    KEY,
    RECORDED,
    STREAM,
    fact_of,
    names,
    vectors,
)

CASES = [
    pytest.param(name, actor, body, id=name)
    for name, (actor, body) in zip(names(), BODIES, strict=True)
]


def test_every_kind_has_its_files() -> None:
    kinds = {kind_name(body) for body in get_args(Body)}
    assert kinds <= set(names())
    files = {f"{name}.{part}.bin" for name in names() for part in ("fact", "signed", "event")}
    assert {path.name for path in FOLDER.glob("*.bin")} == files


@pytest.mark.parametrize(("name", "actor", "body"), CASES)
def test_an_old_event_is_read(name: str, actor: str, body: Body) -> None:
    data = (FOLDER / f"{name}.event.bin").read_bytes()
    event = decode_event(data)
    assert event.fact == fact_of(actor, body)
    assert (event.stream_id, event.sequence, event.epoch) == (STREAM, 7, 5)
    assert (event.recorded_at, event.received.claimed_at) == (RECORDED, CLAIMED)
    assert event.previous_hash == bytes(32)
    # RFC 6962, section 2.1: a leaf's hash is of an octet 0x00 and the leaf.
    assert event.hash == hashlib.sha256(b"\x00" + data).digest()
    assert event.received.signed == (FOLDER / f"{name}.signed.bin").read_bytes()


@pytest.mark.parametrize(("name", "actor"), [case.values[:2] for case in CASES])
def test_an_old_signature_holds(name: str, actor: str) -> None:
    received = decode_signed_fact((FOLDER / f"{name}.signed.bin").read_bytes())
    signer = f"sign/{actor}.site-1#1"
    assert received.signer == signer
    assert received.leaf == leaf_hash((FOLDER / f"{name}.fact.bin").read_bytes())
    SignatureVerifier({signer: bytes(KEY.verify_key)}).check(
        signer,
        received.leaf,
        received.leaf_index,
        received.tree_size,
        received.path,
        received.signature,
    )


def test_an_old_attachment_fits() -> None:
    signed = (FOLDER / "prepared.signed.bin").read_bytes()
    assert decode_signed_fact(signed, ATTACHMENT).attachment == ATTACHMENT


def test_todays_writer_writes_the_same() -> None:
    """Not a promise of protobuf, but a change here must be meant."""
    assert dict(vectors()) == {path.name: path.read_bytes() for path in FOLDER.glob("*.bin")}
