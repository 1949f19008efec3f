"""A personalized application to test on, without the platform around it."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.chip.apdu import Refusal, parse_command
from cardwright.chip.emv import EmvApplet
from cardwright.chip.emv.groupings import SECRET
from tests.unit.chip.emv.issuer import Issuer, tlv
from tests.unit.chip.emv.terminal import objects

AID = bytes.fromhex("A0000000031010")

# The key of Mastercard's public test card whose CDA signature emv-utils of openemv has among its
# tests (emv_rsa_cda_test.c); its modulus is a sparse number that factors by hand.
P = 3 * 2**382 + 17
Q = 3 * 2**382 + 3 * 2**275 + 3 * 2**141 + 5
MODULUS, EXPONENT, SIZE = P * Q, 3, 96

TDES = Issuer(
    bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
    bytes.fromhex("1123456789ABCDEFFEDCBA9876543211"),
    bytes.fromhex("2123456789ABCDEFFEDCBA9876543212"),
)
SHORT = bytes.fromhex("06011203000000")
CORE = bytes.fromhex("0FA501") + bytes(13) + b"\x0f" + bytes(15)
CORE_AES = CORE[:1] + b"\xa6" + CORE[2:]


def aes_issuer(size: int) -> Issuer:
    return Issuer(bytes(range(size)), bytes(range(1, size + 1)), bytes(range(2, size + 2)), True)


PDOL = bytes.fromhex("9F38039F1A02")
CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704")
CDOL2 = bytes.fromhex("8A0291109F3704")
LOCATOR = bytes.fromhex("080101001001020018010200")
CERTIFICATE_SIZE = SIZE + 42

GPO = bytes.fromhex("80A8000004830208400" + "0")
SELECTED = bytes.fromhex("0840")
# Amounts, country, TVR, currency, date, type and unpredictable number, as CDOL1 asks.
TERMINAL = bytes.fromhex(
    "000000012300" "000000000000" "0840" "0000008000" "0840" "261122" "00" "DEADBEEF"
)  # fmt: skip
NUMBER, SECOND_NUMBER = TERMINAL[-4:], bytes.fromhex("CAFEBABE")
AAC, TC, ARQC, SIGNED = 0x00, 0x40, 0x80, 0x10
PIN, PIN_BLOCK = "1234", bytes.fromhex("241234FFFFFFFFFF")


def crt(p: int, q: int, exponent: int, first: int = 0x8201) -> dict[int, bytes]:
    """The five groupings of a private key."""
    d = pow(exponent, -1, (p - 1) * (q - 1))
    size = (p.bit_length() + 7) // 8
    parts = (pow(q, -1, p), d % (q - 1), d % (p - 1), q, p)
    return {first + n: part.to_bytes(size, "big") for n, part in enumerate(parts)}


def groupings(
    issuer: Issuer = TDES,
    *,
    data: bytes | None = None,
    aip: int = 0x3D,
    cdol2: bytes = CDOL2,
    extra: dict[int, bytes] | None = None,
    internal: bytes = b"",
    locator: bytes = LOCATOR,
) -> dict[int, bytes]:
    """All groupings of a card with DDA, CDA, a PIN and issuer authentication."""
    if data is None:
        data = CORE_AES if issuer.is_aes else SHORT
    certificates = (
        tlv(0x8F, b"\xf1") + tlv(0x9F32, b"\3"),
        tlv(0x9F46, bytes(CERTIFICATE_SIZE)) + tlv(0x9F47, b"\3") + tlv(0x9F49, b"\x9f\x37\4"),
    )
    return {
        0x0101: tlv(0x70, tlv(0x57, bytes(19)) + tlv(0x5F20, b"TEST/CARD")),
        0x0201: tlv(0x70, tlv(0x5A, bytes(8)) + tlv(0x5F24, b"\x30\x12\x31")),
        0x0202: tlv(0x70, tlv(0x8C, CDOL1) + tlv(0x8D, cdol2)),
        0x0301: tlv(0x70, certificates[0] + tlv(0x90, bytes(144))),
        0x0302: tlv(0x70, certificates[1]),
        0x9102: tlv(0xA5, tlv(0x50, b"CARDWRIGHT") + PDOL),
        0x9104: tlv(0x82, bytes((aip, 0))) + tlv(0x94, locator),
        0x8000: issuer.grouping,
        0x9000: issuer.check_values,
        0x8010: PIN_BLOCK,
        0x9010: b"\3\3",
        0x3001: tlv(0x9F10, data) + internal,
        **crt(P, Q, EXPONENT),
        **(extra or {}),
    }


def answer(applet: EmvApplet, raw: bytes) -> tuple[bytes, int]:
    """Response data and status word of a command."""
    try:
        return applet.process(parse_command(raw)), 0x9000
    except Refusal as refusal:
        return refusal.data, refusal.status


@dataclass
class Card:
    """An application and the commands of a transaction."""

    applet: EmvApplet
    issuer: Issuer = TDES

    def select(self) -> int:
        try:
            self.applet.select()
        except Refusal as refusal:
            return refusal.status
        return 0x9000

    def send(self, command: str | bytes) -> tuple[bytes, int]:
        return answer(self.applet, bytes.fromhex(command) if isinstance(command, str) else command)

    def ok(self, command: str | bytes) -> bytes:
        data, status = self.send(command)
        assert status == 0x9000, f"{status:04X}"
        return data

    def status(self, command: str | bytes) -> int:
        return self.send(command)[1]

    def begin(self) -> None:
        """SELECT and GET PROCESSING OPTIONS."""
        self.select()
        self.ok(GPO)

    def generate(self, p1: int, data: bytes = TERMINAL) -> tuple[bytes, int]:
        return self.send(bytes((0x80, 0xAE, p1, 0, len(data))) + data + b"\0")

    def second(
        self, p1: int, authentication: bytes = b"", response_code: bytes = b"00"
    ) -> tuple[bytes, int]:
        data = response_code + authentication.ljust(16, b"\0") + SECOND_NUMBER
        return self.generate(p1, data)

    def online(self) -> bytes:
        """A transaction up to its ARQC."""
        self.begin()
        response, status = self.generate(ARQC)
        assert status == 0x9000
        return objects(response)[0x9F26]

    def atc(self) -> bytes:
        return self.ok("80CA9F3600")[3:]

    def verify(self, block: bytes) -> int:
        return self.status(bytes.fromhex("0020008008") + block)


def personalize(values: dict[int, bytes], aid: bytes = AID) -> EmvApplet:
    """Store all and close; raises what the application refuses."""
    applet = EmvApplet(aid)
    for grouping, value in values.items():
        applet.store(grouping, value, encrypted=grouping in SECRET)
    applet.close_personalization()
    return applet


def card(issuer: Issuer = TDES, values: dict[int, bytes] | None = None) -> Card:
    return Card(personalize(groupings(issuer) if values is None else values), issuer)


def restarted(applet: EmvApplet) -> EmvApplet:
    """The same card after a power-down: what is persistent, and nothing else."""
    again = EmvApplet(applet.aid)
    again.state, again.locked = applet.state, applet.locked
    again.groupings, again.counters = dict(applet.groupings), dict(applet.counters)
    return again
