from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from cardwright.hsm.points import point
from cardwright.secret import SecretBytes
from cardwright.vault.sealing import (
    Sealer,
    SealingError,
    SectionKey,
    context,
    open_sealed,
    parse_sealed,
    unwrap_data_key,
)

PRIVATE = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("print", "chip")}
SEALER = Sealer(
    {
        name: SectionKey(f"section/{name}#1", point(key.public_key()))
        for name, key in PRIVATE.items()
    }
)


def opened(sealed: bytes, card_id: str, section: str, key_of: str | None = None) -> bytes:
    """Open as the format's comment in the proto says, with the private key of a section."""
    blob = parse_sealed(sealed)
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), blob.ephemeral)
    shared = SecretBytes(PRIVATE[key_of or section].exchange(ec.ECDH(), peer))
    data_key = unwrap_data_key(shared, card_id, section, blob.wrapped_key)
    return open_sealed(blob, card_id, section, data_key).reveal()


def test_context_ends_each_part_with_a_zero_octet() -> None:
    assert context("c1", "print") == b"cardwright-vault-v1\0c1\0print\0"


@given(st.dictionaries(st.uuids().map(str), st.binary(max_size=300), max_size=5))
def test_what_is_sealed_opens_again(items: dict[str, bytes]) -> None:
    sealed = SEALER.seal_batch("print", items)
    assert {card: opened(blob, card, "print") for card, blob in sealed.items()} == items


def test_a_batch_shares_the_ephemeral_key_and_nothing_else() -> None:
    blobs = [
        parse_sealed(blob)
        for blob in SEALER.seal_batch("print", {"a": b"same", "b": b"same"}).values()
    ]
    assert blobs[0].ephemeral == blobs[1].ephemeral
    assert blobs[0].key_id == "section/print#1"
    for field in ("wrapped_key", "nonce", "ciphertext"):
        assert getattr(blobs[0], field) != getattr(blobs[1], field)


@pytest.mark.parametrize(
    ("card_id", "section", "key_of"),
    [("other", "print", "print"), ("card", "chip", "print"), ("card", "print", "chip")],
)
def test_a_blob_opens_nowhere_but_in_its_place(card_id: str, section: str, key_of: str) -> None:
    sealed = SEALER.seal_batch("print", {"card": b"secret"})["card"]
    with pytest.raises(SealingError) as caught:
        opened(sealed, card_id, section, key_of)
    assert caught.value.code == "SEALED_KEY"


def test_content_moved_under_another_cards_data_key_does_not_open() -> None:
    sealed = SEALER.seal_batch("print", {"a": b"of a", "b": b"of b"})
    moved = parse_sealed(sealed["a"])
    own = parse_sealed(sealed["b"])
    moved.nonce, moved.ciphertext = own.nonce, own.ciphertext
    with pytest.raises(SealingError) as caught:
        opened(moved.SerializeToString(), "a", "print")
    assert caught.value.code == "SEALED_CONTENT"


@given(st.data())
def test_no_changed_octet_goes_unnoticed(data: st.DataObject) -> None:
    blob = parse_sealed(SEALER.seal_batch("print", {"card": b"secret"})["card"])
    field = data.draw(st.sampled_from(["wrapped_key", "nonce", "ciphertext"]))
    value = bytearray(getattr(blob, field))
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    setattr(blob, field, bytes(value))
    with pytest.raises(SealingError) as caught:
        opened(blob.SerializeToString(), "card", "print")
    assert caught.value.code == ("SEALED_KEY" if field == "wrapped_key" else "SEALED_CONTENT")


@pytest.mark.parametrize("field", ["wrapped_key", "nonce", "ciphertext"])
def test_an_empty_part_is_refused(field: str) -> None:
    blob = parse_sealed(SEALER.seal_batch("print", {"card": b"secret"})["card"])
    setattr(blob, field, b"")
    with pytest.raises(SealingError):
        opened(blob.SerializeToString(), "card", "print")


def test_what_is_no_blob_is_refused() -> None:
    with pytest.raises(SealingError) as caught:
        parse_sealed(b"\xff\xff")
    assert caught.value.code == "SEALED_MALFORMED"


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(SealingError) as caught:
        SEALER.seal_batch("pin", {})
    assert caught.value.code == "SECTION_UNKNOWN"


def test_a_section_key_off_the_curve_is_refused() -> None:
    with pytest.raises(SealingError) as caught:
        Sealer({"print": SectionKey("section/print#1", b"\x04" + bytes(64))})
    assert caught.value.code == "SECTION_KEY"
