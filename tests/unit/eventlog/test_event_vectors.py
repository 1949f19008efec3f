"""What was logged once is read for ever: the files are the past, the code must follow them."""

from __future__ import annotations

import hashlib
from typing import get_args

import pytest

from cardwright.card import Body, kind_of
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
    vectors,
)

CASES = [pytest.param(actor, body, id=kind_of(body)) for actor, body in BODIES]


def test_every_kind_has_its_files() -> None:
    kinds = {kind_name(body) for body in get_args(Body)}
    files = {f"{kind}.{part}.bin" for kind in kinds for part in ("fact", "signed", "event")}
    assert {path.name for path in FOLDER.glob("*.bin")} == files


@pytest.mark.parametrize(("actor", "body"), CASES)
def test_an_old_event_is_read(actor: str, body: Body) -> None:
    data = (FOLDER / f"{kind_of(body)}.event.bin").read_bytes()
    event = decode_event(data)
    assert event.fact == fact_of(actor, body)
    assert (event.stream_id, event.sequence, event.epoch) == (STREAM, 7, 5)
    assert (event.recorded_at, event.received.claimed_at) == (RECORDED, CLAIMED)
    assert event.previous_hash == bytes(32)
    # RFC 6962, section 2.1: a leaf's hash is of an octet 0x00 and the leaf.
    assert event.hash == hashlib.sha256(b"\x00" + data).digest()
    assert event.received.signed == (FOLDER / f"{kind_of(body)}.signed.bin").read_bytes()


@pytest.mark.parametrize(("actor", "body"), CASES)
def test_an_old_signature_holds(actor: str, body: Body) -> None:
    received = decode_signed_fact((FOLDER / f"{kind_of(body)}.signed.bin").read_bytes())
    signer = f"sign/{actor}.site-1#1"
    assert received.signer == signer
    assert received.leaf == leaf_hash((FOLDER / f"{kind_of(body)}.fact.bin").read_bytes())
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
