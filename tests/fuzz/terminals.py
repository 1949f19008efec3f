"""The terminal before a card that answers anything: whatever it hears, the transaction ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from cardwright.terminal import Outcome, read_contactless, run
from tests.fuzz.target import Target, pack, unpack
from tests.unit.terminal.card_kit import FakeCard, dda_card, sda_card
from tests.unit.terminal.kit import PROFILE, REQUEST, NoHost, counting
from tests.unit.terminal.rsa_kit import Chain, Key

__all__ = ["TERMINALS"]


class _Liar:
    """A card that answers what it was told to, then nothing sensible any more."""

    def __init__(self, answers: Iterator[bytes]) -> None:
        self._answers = answers

    def transmit(self, _: bytes) -> bytes:
        return next(self._answers, b"\x6a\x82")


class _Witness:
    """Writes down what a true card answers."""

    def __init__(self, card: FakeCard) -> None:
        self._card = card
        self.answers: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.answers.append(self._card.transmit(command))
        return self.answers[-1]


def _pay(data: bytes) -> None:
    found = run(_Liar(unpack(data)), _PROFILE, REQUEST, NoHost(), random=counting)
    assert found.outcome in Outcome
    assert found.code


def _tap(data: bytes) -> None:
    assert read_contactless(_Liar(unpack(data)), _PROFILE, REQUEST, random=counting).code


def _key(bits: int, exponent: int, *offsets: int) -> Key:
    """The same key every time: its primes lie above 3/4 of a power of two. No secret."""
    p, q = (3 * 2 ** (bits // 2 - 2) + offset for offset in offsets)
    d = pow(exponent, -1, (p - 1) * (q - 1))
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    return Key(rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key())


_CHAIN = Chain(
    ca=_key(1408, 3, 311, 3017),
    issuer=_key(1280, 65537, 935, 1021),
    icc=_key(1024, 3, 761, 1505),
    pin=_key(1152, 3, 1367, 1925),
)
_PROFILE = replace(PROFILE, ca_keys=(_CHAIN.ca_public,))


@cache
def _heard() -> list[bytes]:
    """What true cards answered: one without certificates, two that sign."""
    heard = []
    with warnings.catch_warnings():
        # The cards' oracle takes triple DES from where cryptography no longer wants it taken from.
        warnings.simplefilter("ignore")
        cards = (
            FakeCard(),
            sda_card(_CHAIN),
            dda_card(_CHAIN),
            dda_card(_CHAIN, b"\x39\0", bad_signatures=(0,)),
            dda_card(_CHAIN, b"\x39\0"),
        )
        for card in cards:
            witness = _Witness(card)
            run(witness, _PROFILE, REQUEST, NoHost(), random=counting)
            heard.append(pack(witness.answers))
    return heard


TERMINALS = (
    Target("terminal", "the terminal, by a card's answers", _pay, _heard),
    Target("contactless", "the entry point, by a card's answers", _tap, _heard),
)
