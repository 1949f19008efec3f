from __future__ import annotations

from unittest.mock import patch

import pytest
from nacl.signing import SigningKey, VerifyKey

from cardwright.custody import merkle
from cardwright.custody.statement import SignatureError, SignatureVerifier, batch_payload

SIGNER = "sign/printing.site-1#1"
KEY = SigningKey(bytes(range(32)))
KEYS = {SIGNER: bytes(KEY.verify_key), "sign/qa.site-1#1": bytes(SigningKey(b"q" * 32).verify_key)}
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(5)]
ROOT, PATHS = merkle.paths(LEAVES)
SIGNATURE = KEY.sign(batch_payload(5, ROOT)).signature


def test_payload_is_domain_size_and_root() -> None:
    expected = b"cardwright-facts-v1\n" + b"\0\0\0\0\0\0\0\x05" + ROOT
    assert batch_payload(5, ROOT) == expected


def test_a_batch_costs_one_signature_verification() -> None:
    verifier = SignatureVerifier(KEYS)
    with patch.object(VerifyKey, "verify", autospec=True, side_effect=VerifyKey.verify) as verify:
        for index, (leaf, path) in enumerate(zip(LEAVES, PATHS, strict=True)):
            verifier.check(SIGNER, leaf, index, 5, path, SIGNATURE)
    assert verify.call_count == 1


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    verifier = SignatureVerifier(KEYS, remembered=2)
    singles = [(leaf, KEY.sign(batch_payload(1, leaf)).signature) for leaf in LEAVES[:3]]
    for leaf, signature in singles:
        verifier.check(SIGNER, leaf, 0, 1, (), signature)
    with patch.object(VerifyKey, "verify", autospec=True, side_effect=VerifyKey.verify) as verify:
        for leaf, signature in reversed(singles):
            verifier.check(SIGNER, leaf, 0, 1, (), signature)
    assert verify.call_count == 1


@pytest.mark.parametrize(
    ("signer", "leaf", "index", "size", "signature", "code"),
    [
        ("sign/nobody#1", LEAVES[1], 1, 5, SIGNATURE, "SIGNER_UNKNOWN"),
        ("sign/qa.site-1#1", LEAVES[1], 1, 5, SIGNATURE, "SIGNATURE_BAD"),
        (SIGNER, LEAVES[0], 1, 5, SIGNATURE, "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 0, 5, SIGNATURE, "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 1, 6, SIGNATURE, "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 1, 1 << 64, SIGNATURE, "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 1, 5, SIGNATURE[:-1], "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 1, 5, SIGNATURE[:-1] + b"\0", "SIGNATURE_BAD"),
        (SIGNER, LEAVES[1], 1, 5, b"", "SIGNATURE_BAD"),
    ],
)
def test_what_was_not_signed_is_refused_even_after_the_batch_is_known(  # a table
    signer: str, leaf: bytes, index: int, size: int, signature: bytes, code: str
) -> None:
    verifier = SignatureVerifier(KEYS)
    verifier.check(SIGNER, LEAVES[1], 1, 5, PATHS[1], SIGNATURE)
    with pytest.raises(SignatureError) as caught:
        verifier.check(signer, leaf, index, size, PATHS[1], signature)
    assert caught.value.code == code


def test_a_key_of_another_length_is_refused_at_once() -> None:
    with pytest.raises(SignatureError) as caught:
        SignatureVerifier({SIGNER: b"short"})
    assert caught.value.code == "SIGNER_KEY"
