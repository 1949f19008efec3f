"""A payment card from its recipe to a transaction: derived, certified, personalized, and paid with.

The chip checks keys, certificates and check values against each other before it says yes, and the
terminal authenticates it by the authority keys that the set-up exported.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cardwright.hsm.port import WrappedDataKey
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.terminal import OdaMethod, Outcome
from cardwright.vault.sealing import open_sealed, parse_sealed
from services.keymanagement.module import keystore
from tests.unit.keymanagement.card_bench import CardBench, application
from tests.unit.keymanagement.module_kit import caller


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardBench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
        yield CardBench(tmp_path_factory.mktemp("keys"))


def mailed_pin(bench: CardBench, pin: bytes) -> str:
    blob = parse_sealed(pin)
    wrapped = WrappedDataKey("card", blob.key_id, blob.ephemeral, blob.wrapped_key)
    (key,) = bench.verbs.unwrap_data_keys(caller("pinmailer"), "pin", [wrapped])
    assert key is not None
    return pb.PinSection.FromString(open_sealed(blob, "card", "pin", key).reveal()).pin


def test_a_terminal_takes_the_card_by_cda_with_its_pin_enciphered(bench: CardBench) -> None:
    bench.fill(1)
    made, pin = application(), bench.pin()
    section = bench.recipe(made)
    section.sealed_pin = pin.sealed_for_chip
    chip = bench.personalized(made, bench.derived(section))
    digits = mailed_pin(bench, pin.sealed_for_mailer)
    small = bench.pay(chip, made.aid, digits)
    assert (small.outcome, small.oda.method, small.oda.code) == (
        Outcome.APPROVED,
        OdaMethod.CDA,
        "OK",
    )
    assert (small.cvm.method & 0x3F, small.cvm.result) == (0x04, 2)  # enciphered, successful
    large = bench.pay(chip, made.aid, digits, amount=100_00)
    assert large.outcome is Outcome.APPROVED
