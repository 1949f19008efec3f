"""A perfect payment card, as expected and as found, to be spoilt one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from cardwright.iso import stripe, tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretBytes, SecretText
from services.qa.domain import Application, Expected, Found, Piece, Record, scripts
from services.qa.domain.model import PPSE, PSE
from tests.unit.terminal.rsa_kit import EXPIRY, RID, Chain

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
BLANK = "RTX-0001-00000001"
CPLC = bytes(range(42))
PAN = "9999990000000006"
AID = RID + bytes.fromhex("0101")
AIP = b"\x3d\x00"
OK = b"\x90\x00"

Objects = dict[int, bytes]

ACCOUNT: Objects = {
    0x57: bytes.fromhex(f"{PAN}D281220100000789"),
    0x5A: bytes.fromhex(PAN),
    0x5F20: b"MARLOWE/INES",
    0x5F24: bytes.fromhex("281231"),
    0x5F30: bytes.fromhex("0201"),
    0x9F4A: b"\x82",
}
TRACKS = {
    1: SecretText(f"%B{PAN}^MARLOWE/INES^281220100000123?"),
    2: SecretText(f";{PAN}=281220100000123?"),
}
PRINT = {
    "pan_groups": SecretText("9999 9900 0000 0006"),
    "expiry_mmyy": SecretText("12/28"),
    "name": SecretText("INES MARLOWE"),
}


@dataclass(frozen=True)
class Made:
    """A card as data preparation ordered it, and what its chip really holds.

    The chip holds other ``found`` objects than were ordered in ``account``, where tests say so.
    """

    chain: Chain
    account: Objects = field(default_factory=lambda: dict(ACCOUNT))
    tracks: Mapping[int, SecretText] = field(default_factory=lambda: dict(TRACKS))
    print: Mapping[str, SecretText] = field(default_factory=lambda: dict(PRINT))
    issuer: Objects = field(default_factory=dict)
    icc: Objects = field(default_factory=dict)
    ppse: bytes = AID
    expiry: bytes = EXPIRY

    @property
    def record(self) -> bytes:
        return record(self.account)

    @property
    def static(self) -> bytes:
        """Static data to be authenticated."""
        return tlv.encode_all(self.account.items()) + AIP

    @cached_property
    def certificates(self) -> list[bytes]:
        """Records 2 and 3 of file 1: the issuer's certificate, the card's."""
        issuer = self.chain.issuer_objects(PAN[:6], self.expiry) | self.issuer
        icc = self.chain.icc_objects(self.static, PAN, self.expiry) | self.icc
        return [record(issuer), record(icc)]

    @cached_property
    def expected(self) -> Expected:
        payment = Application(
            AID, (Record(1, 1, SecretBytes(self.record)),), "CDA", ((1, 1, 3, 1),), AIP
        )
        pse = Application(PSE, (Record(1, 1, SecretBytes(listing(AID))),))
        return Expected(
            barcode=CARD,
            tracks=self.tracks,
            applications=(payment, pse, Application(PPSE, ())),
            print=self.print,
            imk_ac="issuer/IMK-AC#1",
            imk_smi="issuer/IMK-SMI#1",
            derivation="A",
        )

    @property
    def chip(self) -> Chip:
        ppse = tlv.encode(0xBF0C, tlv.encode(0x61, tlv.encode(0x4F, self.ppse)))
        return Chip(
            records={
                AID: dict(enumerate([self.record, *self.certificates], 1)),
                PSE: {1: listing(AID)},
                PPSE: {},
            },
            fcis={
                AID: fci(AID, b""),
                PSE: fci(PSE, tlv.encode(0x88, b"\1")),
                PPSE: fci(PPSE, ppse),
            },
        )

    def found(self, chip: Chip | None = None) -> Found:
        """What a machine sees of it."""
        answers = (chip or self.chip).answers(self.expected)
        antenna = ((chip or self.chip).fcis.get(PPSE, b"") + OK,)
        return Found(BLANK, (CARD,), encoded(self.tracks), answers, antenna=antenna)


PIECE = Piece(BLANK, CPLC, 0)


@dataclass(frozen=True)
class Chip:
    """A chip that answers from tables."""

    records: Mapping[bytes, Mapping[int, bytes]]
    fcis: Mapping[bytes, bytes]
    cplc: bytes = CPLC
    atc: int = 0

    def answers(self, expected: Expected, piece: Piece = PIECE) -> tuple[tuple[bytes, ...], ...]:
        """What it says to inspection's scripts, each up to the first refusal."""
        return tuple(tuple(self._script(script)) for script in scripts(expected, piece))

    def without(self, aid: bytes) -> Self:
        """The same one without an application."""
        return replace(self, fcis={name: each for name, each in self.fcis.items() if name != aid})

    def with_record(self, aid: bytes, number: int, content: bytes | None) -> Self:
        """The same one with another record, or without one."""
        changed = {**self.records[aid], number: content or b""}
        kept = {at: each for at, each in changed.items() if each}
        return replace(self, records={**self.records, aid: kept})

    def _script(self, script: tuple[bytes, ...]) -> list[bytes]:
        selected, answers = b"", []
        for octets in script:
            command = CommandApdu.parse(octets)
            if command.ins == 0xA4:
                selected = command.data
            answers.append(self._answer(command, selected))
            if not answers[-1].endswith(OK):
                break
        return answers

    def _answer(self, command: CommandApdu, selected: bytes) -> bytes:
        if command.ins == 0xA4:
            found = self.fcis.get(selected) if selected else fci(b"\xa0\0\0\1\x51", b"")
            return found + OK if found is not None else b"\x6a\x82"
        if command.ins == 0xCA:
            tag = command.p1 << 8 | command.p2
            value = self.cplc if tag == 0x9F7F else self.atc.to_bytes(2, "big")
            return tlv.encode(tag, value) + OK if value else b"\x6a\x88"
        content = self.records[selected].get(command.p1)
        return content + OK if content is not None else b"\x6a\x83"


def encoded(texts: Mapping[int, SecretText]) -> dict[int, BitStream]:
    """A stripe."""
    return {track: stripe.encode(track, text) for track, text in texts.items()}


def record(objects: Objects) -> bytes:
    """A record of data objects."""
    return tlv.encode(0x70, tlv.encode_all(objects.items()))


def listing(aid: bytes) -> bytes:
    """A directory's record."""
    return tlv.encode(0x70, tlv.encode(0x61, tlv.encode(0x4F, aid)))


def fci(name: bytes, proprietary: bytes) -> bytes:
    """An answer to SELECT."""
    return tlv.encode(0x6F, tlv.encode(0x84, name) + tlv.encode(0xA5, proprietary))
