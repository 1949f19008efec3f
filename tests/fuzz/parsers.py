"""Parsers: what they accept they must write again, and a second parser must read it likewise."""

from __future__ import annotations

from contextlib import suppress

from cardwright.access.errors import AccessError
from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.access.wiegand import unpack as unpack_bits
from cardwright.chip import tlv as chip_tlv
from cardwright.chip.apdu import Refusal, parse_command
from cardwright.cipher import ClearAes
from cardwright.door.errors import DoorError
from cardwright.door.number import read_number
from cardwright.emv import dgi
from cardwright.emv.errors import EmvError
from cardwright.globalplatform.authentication import InitializeUpdateResponse
from cardwright.globalplatform.card_data import (
    parse_key_information,
    parse_secure_channels,
    parse_status,
)
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu, ResponseApdu
from cardwright.iso.errors import ApduError, IsoError, TlvError
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import Header
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from tests.fuzz.target import Target

__all__ = ["PARSERS"]

_DEPTH = 8


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
    Target(
        "wiegand",
        "access numbers, maker and door",
        _wiegand,
        lambda: _hex("06BB032180", "03C8888CCCC8"),
    ),
)
