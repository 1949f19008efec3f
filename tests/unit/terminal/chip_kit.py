"""Software chip applications, personalized by hand: their groupings go straight into the applet.

Personalization itself is other tests' subject; here a card is wanted that shares no code with the
terminal and the issuer host.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from cardwright.chip.apdu import Refusal, parse_command
from cardwright.chip.applet import Applet
from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv.applet import EmvApplet
from cardwright.chip.emv.suite import AES, TDES
from cardwright.iso import tlv
from cardwright.issuerhost import Derivation, IssuerKeys
from cardwright.issuerhost.keys import card_key
from cardwright.secret import SecretBytes
from tests.unit.terminal.card_kit import AID, Objects, base_objects
from tests.unit.terminal.rsa_kit import PAN, Chain, Key

CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F37049F34039F4502")
CDOL2 = bytes.fromhex("8A0295059F3704")
SHORT = bytes.fromhex("06011203000000")
CORE_TDES, CORE_AES = (
    bytes.fromhex(f"0F{each}01") + bytes(13) + b"\x0f" + bytes(15) for each in ("A5", "A6")
)


@dataclass
class ChipCard:
    """A powered chip's applications behind SELECT, as a terminal reaches them."""

    applets: list[Applet]
    contactless: bool = False
    log: list[bytes] = field(default_factory=list)
    _selected: Applet | None = None

    def transmit(self, octets: bytes) -> bytes:
        command = parse_command(octets)
        self.log.append(octets)
        try:
            if command.ins == 0xA4:
                return self._select(command.data, later=command.p2 == 2) + b"\x90\0"
            assert self._selected is not None
            return self._selected.process(command) + b"\x90\0"
        except Refusal as refusal:
            return refusal.data + refusal.status.to_bytes(2, "big")

    def _select(self, name: bytes, *, later: bool) -> bytes:
        found = [each for each in self.applets if each.aid.startswith(name)]
        if later:
            found = found[found.index(self._selected) + 1 :] if self._selected in found else []
        if not found:
            raise Refusal(0x6A82)
        self._selected = found[0]
        self._selected.contactless = self.contactless
        return self._selected.select()


@dataclass
class Order:
    """What is to be on the chip.

    ``aip`` says what the application can do; ``chain`` gives its RSA keys and certificates.
    """

    keys: IssuerKeys
    aip: bytes = b"\x1c\x00"
    derivation: Derivation = Derivation.OPTION_A
    issuer_data: bytes = SHORT
    chain: Chain | None = None
    objects: Objects = field(default_factory=dict)
    internal: Objects = field(default_factory=dict)
    pin: str = "1234"
    pdol: bytes = b""

    def personalize(self) -> EmvApplet:
        """Return the application, personalized."""
        applet = EmvApplet(AID)
        for grouping, value in self.groupings().items():
            applet.store(grouping, value, encrypted=grouping in applet.ENCRYPTED)
        applet.close_personalization()
        return applet

    def groupings(self) -> dict[int, bytes]:
        signed = base_objects() | {0x8C: CDOL1, 0x8D: CDOL2} | self.objects
        static = tlv.encode_all(signed.items()) + self.aip
        records = [signed, *self._certificates(static)]
        afl = bytes((0x08, 1, len(records), 1))
        found = {
            0x0100 + n: tlv.encode(0x70, tlv.encode_all(each.items()))
            for n, each in enumerate(records, 1)
        }
        pdol = [(0x9F38, self.pdol)] if self.pdol else []
        label = [(0x50, b"CARDWRIGHT"), (0x87, b"\1")]
        found[0x9102] = tlv.encode(0xA5, tlv.encode_all([*label, *pdol]))
        found[0x9104] = found[0x9207] = tlv.encode_all(((0x82, self.aip), (0x94, afl)))
        internal = {0x9F10: self.issuer_data, **self.internal}
        found[0x3001] = tlv.encode_all(internal.items())
        found[0x8010] = bytes.fromhex(f"2{len(self.pin):X}{self.pin}".ljust(16, "F"))
        found[0x9010] = b"\3\3"
        return found | self._symmetric_keys() | self._private_keys()

    def _certificates(self, static: bytes) -> list[Objects]:
        if self.chain is None:
            return []
        found = [self.chain.issuer_objects()]
        if self.aip[0] & 0x40:
            found.append({0x93: self.chain.static_signature(static)})
        if self.aip[0] & 0x21:
            found += [self.chain.icc_objects(static), self.chain.pin_objects()]
        return found

    def _symmetric_keys(self) -> dict[int, bytes]:
        suite = AES if self.derivation is Derivation.OPTION_C else TDES
        keys = [
            card_key(self.derivation, each, PAN, "01").reveal()
            for each in (self.keys.ac, self.keys.smi, self.keys.smc)
        ]
        return {0x8000: b"".join(keys), 0x9000: b"".join(map(suite.check_value, keys))}

    def _private_keys(self) -> dict[int, bytes]:
        if self.chain is None or not self.aip[0] & 0x21:
            return {}
        icc, pin = crt(self.chain.icc), crt(self.chain.pin)
        first = dict(enumerate(icc, 0x8201))
        return first | dict(enumerate(pin, 0x8301))


def crt(key: Key) -> list[bytes]:
    """q^-1 mod p, d mod q-1, d mod p-1, q and p (EMV CPS, 8201 to 8205)."""
    numbers = key.numbers
    size = len(key.modulus) // 2
    p, q, d = numbers.p, numbers.q, numbers.d
    values = (rsa.rsa_crt_iqmp(p, q), d % (q - 1), d % (p - 1), q, p)
    return [value.to_bytes(size, "big") for value in values]


def directory() -> DirectoryApplet:
    """A PSE that lists the application."""
    pse = DirectoryApplet(b"1PAY.SYS.DDF01")
    entry = tlv.encode(0x61, tlv.encode_all(((0x4F, AID), (0x50, b"CARDWRIGHT"), (0x87, b"\1"))))
    pse.store(0x9102, tlv.encode(0xA5, tlv.encode(0x88, b"\1")), encrypted=False)
    pse.store(0x0101, tlv.encode(0x70, entry), encrypted=False)
    pse.close_personalization()
    return pse


def contactless_directory() -> DirectoryApplet:
    """A PPSE that lists the application."""
    ppse = DirectoryApplet(b"2PAY.SYS.DDF01")
    entry = tlv.encode(0x61, tlv.encode_all(((0x4F, AID), (0x87, b"\1"))))
    ppse.store(0x9102, tlv.encode(0xA5, tlv.encode(0xBF0C, entry)), encrypted=False)
    ppse.close_personalization()
    return ppse


def issuer_keys() -> IssuerKeys:
    """An issuer's master keys, all different."""
    return IssuerKeys(*(SecretBytes(bytes((n,)) * 15 + b"\x07") for n in (0x13, 0x25, 0x37)))
