"""Parsers: what they accept they must write again, and a second parser must read it likewise."""

from __future__ import annotations

from contextlib import suppress

from cardwright.access.errors import AccessError
from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.access.wiegand import unpack as unpack_bits
from cardwright.chip import tlv as chip_tlv
from cardwright.chip.apdu import Refusal, parse_command
from cardwright.cipher import ClearAes
from cardwright.devices import frames
from cardwright.devices.errors import DeviceError
from cardwright.door.errors import DoorError
from cardwright.door.number import read_number
from cardwright.emv import dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.rsa import RsaPublic
from cardwright.globalplatform.authentication import InitializeUpdateResponse
from cardwright.globalplatform.card_data import (
    parse_key_information,
    parse_secure_channels,
    parse_status,
)
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.iso import stripe, tlv
from cardwright.iso.apdu import CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, IsoError, StripeError, TlvError
from cardwright.iso.stripe import BitStream
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import Header
from cardwright.keyblock.optional import OptionalBlock
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.signed import verify_envelope
from cardwright.keyblock.tr34.token import nonce_of
from cardwright.secret import SecretBytes, SecretText
from tests.fuzz.target import Target
from tests.unit.keyblock import tr34_samples as samples

__all__ = ["PARSERS"]

_DEPTH = 8
_CAPACITY = {1: 79, 2: 40, 3: 107}  # characters, with the check


def _tlv(data: bytes) -> None:
    """Both parsers of BER-TLV: the host's and the chip's."""
    try:
        objects = tlv.parse(data)
    except TlvError:
        return
    written = b"".join(each.encode() for each in objects if len(each.value) <= 0xFFFF)
    assert tlv.parse(written) == [each for each in objects if len(each.value) <= 0xFFFF]
    if written == data:  # no padding, and every length in the fewest octets
        assert chip_tlv.read_tlvs(data) == [(each.tag, each.value) for each in objects]
        assert b"".join(chip_tlv.encode(each.tag, each.value) for each in objects) == data
    _descend(objects, _DEPTH)


def _descend(objects: list[tlv.Tlv], depth: int) -> None:
    for each in objects:
        if each.constructed and depth:
            with suppress(TlvError):
                _descend(each.children(), depth - 1)


def _chip_tlv(data: bytes) -> None:
    """What the chip alone parses: lists of tags, of tags with lengths, of values."""
    for read in (chip_tlv.read_tags, chip_tlv.read_dol, lambda each: list(chip_tlv.read_lv(each))):
        with suppress(Refusal):
            read(data)
    chip_tlv.grouping_length(data)
    try:
        pairs = chip_tlv.read_tlvs(data)
    except Refusal:
        return
    assert chip_tlv.read_tlvs(b"".join(chip_tlv.encode(*each) for each in pairs)) == pairs


def _apdu(data: bytes) -> None:
    """Both parsers of commands agree on what is one, and on what it says."""
    try:
        ours = CommandApdu.parse(data)
    except ApduError:
        ours = None
    try:
        card = parse_command(data, extended=True)
    except Refusal:
        card = None
    assert (ours is None) == (card is None)
    if ours is not None and card is not None:
        assert (ours.cla, ours.ins, ours.p1, ours.p2) == (card.cla, card.ins, card.p1, card.p2)
        assert (ours.data, ours.le) == (card.data, card.le)
        assert CommandApdu.parse(ours.encode()) == ours
    with suppress(ApduError):
        assert ResponseApdu.parse(data).encode() == data


def _dgi(data: bytes) -> None:
    try:
        groupings = dgi.parse_all(data)
    except EmvError:
        return
    assert dgi.parse_all(dgi.encode_all(groupings)) == groupings
    if groupings:
        head = chip_tlv.grouping_length(data)
        assert head is not None
        assert data[head[0] : sum(head)] == groupings[0].value


def _wiegand(data: bytes) -> None:
    """The makers' decoder and the door's."""
    for kind in WiegandFormat:
        try:
            ours = Credential.parse(kind, unpack_bits(data))
            made = (ours.facility, ours.number)
        except AccessError:
            made = None
        try:
            read = read_number(kind.name, data)
            found = (read.facility, read.card)
        except DoorError:
            found = None
        # The door takes unused bits that are not zero, as BER does.
        assert made in (found, None)


def _answers(data: bytes) -> None:
    """What a chip tells of itself."""
    for parse in (
        InitializeUpdateResponse.parse,
        parse_key_information,
        parse_secure_channels,
        parse_status,
    ):
        with suppress(GlobalPlatformError, IsoError):
            parse(data)


_KBPK = ClearAes(SecretBytes(bytes(range(32))))
_KEY = SecretBytes(bytes(range(16, 32)))


def _blocks() -> dict[str, bytes]:
    """Key blocks, and the octets of the key in each."""
    made = {}
    for usage, mode, blocks in (
        (Usage.PIN_ENCRYPTION, Mode.ENCRYPT, ()),
        (Usage.DATA, Mode.ENCRYPT_DECRYPT, (OptionalBlock("KC", ""), OptionalBlock("LB", "a key"))),
    ):
        header = Header(
            version=Version.DERIVATION_AES,
            usage=usage,
            algorithm=Algorithm.AES,
            mode=mode,
            exportability=Exportability.TRUSTED,
            blocks=blocks,
        )
        made[wrap(_KBPK, header, _KEY, random=bytes)] = _KEY.reveal()
    return made


_BLOCKS = _blocks()


def _keyblock(data: bytes) -> None:
    """Nothing but what was wrapped is unwrapped: the rest would be a forgery."""
    text = data.decode("latin-1")
    try:
        _, key = unwrap(_KBPK, text)
    except KeyBlockError:
        return
    assert _BLOCKS.get(text) == key.reveal()


def _stripe(data: bytes) -> None:
    """A track, of any bits: what is read is written, and read again to the same."""
    track, bits = 1 + (data[0] % 3 if data else 0), data[1:]
    try:
        text = stripe.decode(track, BitStream(bits, 8 * len(bits)))
    except StripeError:
        return
    if len(text) < _CAPACITY[track]:
        assert stripe.decode(track, stripe.encode(track, text)) == text


def _frame(data: bytes) -> None:
    """A frame of the device protocol, as a machine reads it."""
    try:
        found = frames.decode(data)
    except DeviceError:
        return
    if found is not None:
        frame, end = found
        written = frames.encode(frame.header, frame.body)
        again = frames.decode(written)
        assert again is not None
        # As octets: JSON has a number that is not itself.
        assert frames.encode(again[0].header, again[0].body) == written
        assert end <= len(data)


_HOST = Party(samples.KDH, RsaPublic(samples.KDH_MODULUS, 65537))
_SIGNED = {der.RANDOM_NONCE: der.octet_string(nonce_of(samples.RANDOM_TOKEN))}


def _tr34(data: bytes) -> None:
    """A TR-34 key token: one that its host did not sign is refused."""
    with suppress(Tr34Error):
        nonce_of(data)
    try:
        envelope, _, attributes = verify_envelope(_HOST, _SIGNED, data)
    except Tr34Error:
        return
    assert envelope in samples.KEY_TOKEN
    assert attributes[der.DATA] == der.octet_string(b"A0256K0TB00E0000")


def _hex(*texts: str) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


_TLVS = (
    "6F1E8407A0000000031010A5135010434152445752494748542044454249549F3800",
    "70059F0702FF00",
    "7081838180" + "00" * 128,
    "70820102" + "5A820100" + "5A" * 254,
    "0000DF8101020000",
)
_APDUS = (
    "00A4040007A000000003101000",
    "00B2010C00",
    "80CA9F3600",
    "80E20800" + "000104" + "01020304",
    "00B2010C",
    "80E2080000010000",
)
_GROUPINGS = (
    "010103700182",
    "9102FF0103" + "A5" * 259,
    "0000FF0000",
    "8000100000000000000000000000000000000001010100",
)
_PRESENTED = (
    "00010000427700001234300370" + "0001" + "02" * 14 + "000001",
    "E012C00401FF8810C00402FF8810C00403FF8810",
    "660E730C06072A864886FC6B01640B0600",
    "E3124F08A0000001510000009F700101C5019E",
)

_TRACKS = (
    (1, "%B9999990000000006^MARLOWE/INES^29112010000012300?"),
    (2, ";9999990000000006=29112010000012300?"),
    (3, ";019999990000000006=978978000000000000?"),
)


def _swiped() -> list[bytes]:
    return [
        bytes((track - 1,)) + stripe.encode(track, SecretText(text)).bits for track, text in _TRACKS
    ]


def _framed() -> list[bytes]:
    return [
        frames.encode({"id": 1, "command": "HELLO"}),
        frames.encode({"id": 2, "command": "APDU", "card": "c"}, bytes.fromhex("00A40400")),
        frames.encode({"id": 3, "ok": {"tracks": {"2": {"bits": "00", "length": 8}}}}, b"body"),
    ]


PARSERS = (
    Target("tlv", "BER-TLV, host and chip", _tlv, lambda: _hex(*_TLVS)),
    Target("chip-tlv", "the chip's lists of data", _chip_tlv, lambda: _hex(*_TLVS, "9F02069F3704")),
    Target("apdu", "command and response APDUs, host and chip", _apdu, lambda: _hex(*_APDUS)),
    Target("dgi", "data groupings, host and chip", _dgi, lambda: _hex(*_GROUPINGS)),
    Target("answers", "what a chip tells of itself", _answers, lambda: _hex(*_PRESENTED)),
    Target(
        "keyblock",
        "X9.143 key blocks",
        _keyblock,
        lambda: [text.encode() for text in _BLOCKS],
    ),
    Target("stripe", "tracks of the magnetic stripe", _stripe, _swiped),
    Target("frame", "frames of the device protocol", _frame, _framed),
    Target(
        "tr34",
        "TR-34 tokens",
        _tr34,
        lambda: [samples.RANDOM_TOKEN, samples.KEY_TOKEN],
    ),
    Target(
        "wiegand",
        "access numbers, maker and door",
        _wiegand,
        lambda: _hex("06BB032180", "03C8888CCCC8"),
    ),
)
