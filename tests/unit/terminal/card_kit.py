"""A card for the terminal's tests: it does what EMV says, with faults as wanted.

Its cryptograms are pyemv's, its signatures the RSA kit's, so it shares nothing with the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha1

from pyemv import ac, kd

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.terminal import CardLinkError
from tests.unit.terminal.rsa_kit import PAN, Chain

AID = bytes.fromhex("F0434152445701")
MASTER_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F37049F34039F4502")
CDOL2 = bytes.fromhex("8A02910A95059F3704")
OK, NOT_FOUND, NO_RECORD = b"\x90\0", b"\x6a\x82", b"\x6a\x83"

Objects = dict[int, bytes]


def base_objects() -> Objects:
    """Records of a card that terminals accept at home and abroad."""
    return {
        0x5A: bytes.fromhex(PAN),
        0x5F24: bytes.fromhex("281231"),
        0x5F25: bytes.fromhex("260101"),
        0x5F28: bytes.fromhex("0372"),
        0x5F34: b"\1",
        0x8C: CDOL1,
        0x8D: CDOL2,
        0x8E: bytes.fromhex("00000000000000001F03"),
        0x9F07: b"\xff\xc0",
        0x9F08: b"\0\1",
        0x9F0D: bytes.fromhex("FCF8FCF8F0"),
        0x9F0E: bytes(5),
        0x9F0F: bytes.fromhex("FCF8FCF8F0"),
        0x9F42: bytes.fromhex("0978"),
        0x9F4A: b"\x82",
    }


@dataclass
class FakeCard:
    """One payment application, perhaps a directory.

    ``replies`` replaces answers by instruction; ``pull_at`` is the command, from 1, that finds no
    card any more; ``kinds`` are what its cryptograms are, where not as asked; in
    ``bad_signatures`` are 0 and 1 for the first and second cryptogram.
    """

    aip: bytes = b"\x18\x00"
    objects: Objects = field(default_factory=base_objects)
    extra: list[Objects] = field(default_factory=list)
    pdol: bytes = b""
    pse: bool = True
    priority: int = 1
    counters: Objects = field(default_factory=dict)
    pin: str = "1234"
    tries: int = 3
    kinds: tuple[int, ...] = ()
    chain: Chain | None = None
    bad_signatures: tuple[int, ...] = ()
    replies: dict[int, Callable[[CommandApdu], bytes]] = field(default_factory=dict)
    pull_at: int = 0
    atc: int = 0x1F
    iad: bytes = bytes.fromhex("06011203A00000")

    def __post_init__(self) -> None:
        self.commands: list[CommandApdu] = []
        self.sent = b""
        self.terminal: Objects = {}
        self.first_cryptogram = b""
        self.issuer_proved: bool | None = None

    # What is personalized.

    @property
    def static_data(self) -> bytes:
        return tlv.encode_all(self.objects.items()) + self.aip

    def records(self) -> list[bytes]:
        return [tlv.encode(0x70, tlv.encode_all(each.items())) for each in self._contents()]

    @property
    def afl(self) -> bytes:
        count = len(self._contents())
        rest = bytes((0x10, 1, count - 1, 0)) if count > 1 else b""
        return bytes((0x08, 1, 1, 1)) + rest

    def _contents(self) -> list[Objects]:
        return [self.objects, *self.extra]

    # What it does.

    def transmit(self, octets: bytes) -> bytes:
        command = CommandApdu.parse(octets)
        self.commands.append(command)
        if len(self.commands) == self.pull_at:
            raise CardLinkError("CARD_REMOVED", "pulled")
        if command.ins in self.replies:
            return self.replies[command.ins](command)
        handlers = {
            0xA4: self._select,
            0xA8: self._options,
            0xB2: self._read,
            0xCA: self._get_data,
            0x20: self._verify,
            0x84: lambda _: bytes.fromhex("C0C1C2C3C4C5C6C7") + OK,
            0x88: self._internal_authenticate,
            0xAE: self._generate,
            0x82: self._external_authenticate,
        }
        return handlers[command.ins](command) if command.ins in handlers else b"\x6d\0"

    def _select(self, command: CommandApdu) -> bytes:
        if command.data == b"1PAY.SYS.DDF01" and self.pse:
            return fci(command.data, [(0x88, b"\1")]) + OK
        if command.p2 or not AID.startswith(command.data):
            return NOT_FOUND
        self._selected = True
        pdol = [(0x9F38, self.pdol)] if self.pdol else []
        return fci(AID, [(0x50, b"CARDWRIGHT"), (0x87, bytes((self.priority,))), *pdol]) + OK

    def _options(self, command: CommandApdu) -> bytes:
        self.sent, self.first_cryptogram = command.data[2:], b""
        return tlv.encode(0x77, tlv.encode_all(((0x82, self.aip), (0x94, self.afl)))) + OK

    def _read(self, command: CommandApdu) -> bytes:
        sfi = command.p2 >> 3
        if not hasattr(self, "_selected"):
            entry = tlv.encode(
                0x61, tlv.encode_all(((0x4F, AID), (0x50, b"CARDWRIGHT"), (0x87, b"\1")))
            )
            return tlv.encode(0x70, entry) + OK if command.p1 == 1 else NO_RECORD
        records = self.records()
        at = command.p1 if sfi == 2 else 0
        return records[at] + OK if at < len(records) else NO_RECORD

    def _get_data(self, command: CommandApdu) -> bytes:
        tag = command.p1 << 8 | command.p2
        values = {0x9F17: bytes((self.tries,)), **self.counters}
        return tlv.encode(tag, values[tag]) + OK if tag in values else b"\x6a\x88"

    def _verify(self, command: CommandApdu) -> bytes:
        if self.tries == 0:
            return b"\x69\x83"
        block = command.data
        if command.p2 == 0x88:
            assert self.chain is not None
            key = self.chain.pin if len(block) == len(self.chain.pin.modulus) else self.chain.icc
            opened = key.apply(block)
            assert opened[0] == 0x7F
            assert opened[9:17] == bytes.fromhex("C0C1C2C3C4C5C6C7")
            block = opened[1:9]
        if block == bytes.fromhex(f"2{len(self.pin):X}{self.pin}".ljust(16, "F")):
            self.tries = 3
            return OK
        self.tries -= 1
        return bytes((0x63, 0xC0 | self.tries))

    def _internal_authenticate(self, command: CommandApdu) -> bytes:
        assert self.chain is not None
        return tlv.encode(0x80, self.chain.dynamic_signature(command.data)) + OK

    def _generate(self, command: CommandApdu) -> bytes:
        final = bool(self.first_cryptogram)
        kind = self.kinds[final] if final < len(self.kinds) else command.p1 & 0xC0
        dol = self.objects[0x8D if final else 0x8C]
        self.terminal |= dict(split(dol, command.data))
        self.sent += command.data
        value = self._cryptogram()
        self.first_cryptogram = self.first_cryptogram or value
        head = [(0x9F27, bytes((kind,))), (0x9F36, self.atc.to_bytes(2, "big"))]
        if command.p1 & 0x10 and kind:
            assert self.chain is not None
            plain = tlv.encode_all([*head, (0x9F10, self.iad)])
            bad = int(final) in self.bad_signatures
            over = (b"other" if bad else b"") + self.sent + plain
            rest = bytes((kind,)) + value + sha1(over).digest()
            signature = self.chain.dynamic_signature(self.terminal[0x9F37], rest)
            body = [*head, (0x9F4B, signature), (0x9F10, self.iad)]
        else:
            body = [*head, (0x9F26, value), (0x9F10, self.iad)]
        return tlv.encode(0x77, tlv.encode_all(body)) + OK

    def _cryptogram(self) -> bytes:
        tags = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37)
        data = b"".join(self.terminal[tag] for tag in tags)
        data += self.aip + self.atc.to_bytes(2, "big") + self.iad
        return ac.generate_ac(self.session_key, data, ac.PaddingType.EMV)

    @property
    def session_key(self) -> bytes:
        master = kd.derive_icc_mk_a(MASTER_KEY, PAN, "01")
        return kd.derive_common_sk(master, self.atc.to_bytes(2, "big") + bytes(6))

    def _external_authenticate(self, command: CommandApdu) -> bytes:
        arpc, code = command.data[:8], command.data[8:]
        good = ac.generate_arpc_1(self.session_key, self.first_cryptogram, code) == arpc
        self.issuer_proved = good
        return OK if good else b"\x63\0"


def fci(name: bytes, proprietary: Iterable[tuple[int, bytes]]) -> bytes:
    """File control information."""
    inner = tlv.encode(0x84, name) + tlv.encode(0xA5, tlv.encode_all(proprietary))
    return tlv.encode(0x6F, inner)


def split(dol: bytes, data: bytes) -> list[tuple[int, bytes]]:
    """The values of a data object list by tag, the way a card reads them."""
    found, at, used = [], 0, 0
    while at < len(dol):
        end = at + (2 if dol[at] & 0x1F == 0x1F else 1)
        size = dol[end]
        found.append((int.from_bytes(dol[at:end], "big"), data[used : used + size]))
        at, used = end + 1, used + size
    assert used == len(data)
    return found


def sda_card(chain: Chain, **changes: object) -> FakeCard:
    """A card for SDA."""
    card = FakeCard(aip=b"\x58\x00", chain=chain, **changes)  # type: ignore[arg-type]  # a kit's
    signature = chain.static_signature(card.static_data)
    card.extra += [chain.issuer_objects(), {0x93: signature}]
    return card


def dda_card(chain: Chain, aip: bytes = b"\x38\x00", **changes: object) -> FakeCard:
    """A card for DDA, or with another AIP for CDA (39 00)."""
    card = FakeCard(aip=aip, chain=chain, **changes)  # type: ignore[arg-type]  # a kit's
    card.extra += [chain.issuer_objects(), chain.icc_objects(card.static_data)]
    return card
