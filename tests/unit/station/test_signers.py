from __future__ import annotations

from typing import cast

import pytest
from nacl.signing import SigningKey

from cardwright.custody.merkle import leaf_hash
from cardwright.custody.statement import SignatureError, SignatureVerifier, batch_payload
from cardwright.hsm.port import PublicKey, SecurityModule
from cardwright.station import signers as under_test
from cardwright.station.signers import Signers

KEY = SigningKey(bytes(32))
LEAF = leaf_hash(b"a fact")
SIGNATURE = KEY.sign(batch_payload(1, LEAF)).signature
NAME = "sign/printing.site-1#2"


class Module:
    """Lists one key, and counts how often it is asked."""

    def __init__(self, state: str = "active") -> None:
        self.state = state
        self.asked = 0

    async def public_keys(self, prefix: str) -> list[PublicKey]:
        assert prefix == "sign/"
        self.asked += 1
        return [PublicKey(NAME, "Ed25519", bytes(KEY.verify_key), self.state)]


def setting(module: Module) -> tuple[Signers, SignatureVerifier]:
    verifier = SignatureVerifier({})
    return Signers(cast("SecurityModule", module), verifier), verifier


def takes(verifier: SignatureVerifier) -> bool:
    try:
        verifier.check(NAME, LEAF, 0, 1, [], SIGNATURE)
    except SignatureError:
        return False
    return True


async def test_a_signer_that_was_rotated_this_very_moment_is_asked_for() -> None:
    module = Module()
    signers, verifier = setting(module)
    await signers.meet(NAME)
    await signers.meet(NAME)
    assert takes(verifier)
    assert module.asked == 1


async def test_made_up_signers_are_not_asked_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = Module()
    signers, _ = setting(module)
    for number in range(50):
        await signers.meet(f"sign/nobody#{number}")
    assert module.asked == 1
    monkeypatch.setattr(under_test, "_AT_MOST_EVERY", 0.0)
    await signers.meet("sign/nobody#1")
    assert module.asked == 2


@pytest.mark.parametrize(
    ("state", "trusted"),
    [
        ("pre-activation", False),
        ("active", True),
        ("suspended", True),
        ("deactivated", True),
        ("compromised", False),
        ("destroyed", False),
    ],
)
async def test_what_was_verified_before_a_compromise_counts_no_more(
    state: str, *, trusted: bool
) -> None:
    module = Module()
    signers, verifier = setting(module)
    await signers.renew()
    assert takes(verifier)
    module.state = state
    await signers.renew()
    assert takes(verifier) is trusted
