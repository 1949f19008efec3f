"""What is written to a card, what must be read back, and what it means when it is not.

Nothing here talks to a machine. A check that fails raises ``SpoiledError``: the blank is then
ejected as a reject, and never written a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cardwright.emv.dgi import Dgi, parse_all
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import (
    ISSUER_SECURITY_DOMAIN,
    install_for_install,
    install_for_personalization,
    select,
)
from cardwright.iso import stripe, tlv
from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretText

__all__ = [
    "ChipPlan",
    "Material",
    "Reading",
    "SpoiledError",
    "check_blank",
    "check_reading",
    "check_refused",
    "check_script",
    "check_session",
    "check_stripe",
    "chip_plan",
    "session_commands",
    "stripe_bits",
]

_DGI_FCI, _DGI_PROCESSING_OPTIONS = 0x9102, 0x9104
_LAST_RECORD_FILE = 30
_LAST_FREE_FILE = 20  # of a badge
_FCI, _DF_NAME, _FCI_PROPRIETARY, _PDOL = 0x6F, 0x84, 0xA5, 0x9F38
_GET_PROCESSING_OPTIONS, _READ_RECORD = 0xA8, 0xB2
_COMMAND_TEMPLATE, _RESPONSE_FORMAT_2 = 0x83, 0x77
_ALL: Final = 256
_SERIAL: Final = 10


class SpoiledError(Exception):
    """This card can't become a good one any more.

    Attributes:
        code: what is wrong with it (see README.md).
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reading:
    """What to ask a finished application after a reset, and the data that it must answer.

    ``refused`` are commands that it must refuse: a badge's files for readers that prove themselves.
    """

    commands: tuple[bytes, ...]
    expected: tuple[bytes, ...] = field(repr=False)
    refused: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """A chip's personalization.

    Attributes:
        kmc: label of the transport master key that opens the chip.
        prologue: INSTALL commands, in clear.
        dgis: data groupings, each as id, length and value.
        sealed_keys: the card's keys, for the security module alone; empty for a chip without.
        reading: what proves that all of it is there.
    """

    kmc: str
    prologue: tuple[bytes, ...]
    dgis: tuple[bytes, ...] = field(repr=False)
    sealed_keys: bytes = field(repr=False)
    reading: Reading


@dataclass(frozen=True, slots=True)
class Material:
    """What one card gets: no tracks without a stripe, no plan without a chip."""

    tracks: Mapping[int, BitStream] = field(repr=False)
    chip: ChipPlan | None


def stripe_bits(texts: Mapping[int, SecretText]) -> dict[int, BitStream]:
    """Return the bits of each track that has a text.

    Raises:
        StripeError: A text is none that its track can hold.
    """
    return {track: stripe.encode(track, text) for track, text in texts.items() if len(text)}


def chip_plan(
    module_aid: bytes, instance_aid: bytes, dgis: Sequence[bytes], kmc: str, sealed_keys: bytes
) -> ChipPlan:
    """Return how a chip becomes this card.

    The executable load file that holds a module is named as the module without its last octet.

    Raises:
        EmvError: A grouping is malformed.
        CommandError: An AID is none.
    """
    groupings = {dgi.id: dgi for encoded in dgis for dgi in parse_all(encoded)}
    return ChipPlan(
        kmc,
        (
            install_for_install(module_aid[:-1], module_aid, instance_aid),
            install_for_personalization(instance_aid),
        ),
        tuple(dgis),
        sealed_keys,
        _reading(instance_aid, groupings),
    )


def _reading(aid: bytes, groupings: Mapping[int, Dgi]) -> Reading:
    """SELECT, GET PROCESSING OPTIONS of a payment application, and each record.

    EMV Book 1, 11.3 and Book 3, 6.5.8 and 6.5.11. What is no payment application is a badge, and
    its last files are for readers that prove themselves (docs/chip.md).
    """
    fci = groupings[_DGI_FCI].value if _DGI_FCI in groupings else b""
    name = tlv.encode(_DF_NAME, aid)
    asked = [(select(aid), tlv.encode(_FCI, name + fci))]
    if _DGI_PROCESSING_OPTIONS in groupings:
        options = groupings[_DGI_PROCESSING_OPTIONS].value
        asked.append((_processing_options(fci), tlv.encode(_RESPONSE_FORMAT_2, options)))
    free = _LAST_RECORD_FILE if _DGI_PROCESSING_OPTIONS in groupings else _LAST_FREE_FILE
    records = [dgi for dgi in groupings.values() if 1 <= dgi.id >> 8 <= _LAST_RECORD_FILE]
    asked += [(_read_record(dgi), dgi.value) for dgi in records if dgi.id >> 8 <= free]
    return Reading(
        tuple(command for command, _ in asked),
        tuple(data for _, data in asked),
        tuple(_read_record(dgi) for dgi in records if dgi.id >> 8 > free),
    )


def _processing_options(fci: bytes) -> bytes:
    """A terminal that has nothing to say: zeros for whatever the application asks of it."""
    wanted = tlv.find(fci, _FCI_PROPRIETARY, _PDOL) or b""
    data = tlv.encode(_COMMAND_TEMPLATE, bytes(_terminal_data_length(wanted)))
    return CommandApdu(0x80, _GET_PROCESSING_OPTIONS, 0, 0, data, _ALL).encode()


def _terminal_data_length(dol: bytes) -> int:
    """Sum up a data object list, tags with their lengths (EMV Book 3, 5.4)."""
    at = total = 0
    while at < len(dol):
        at += 1 if dol[at] & 0x1F != 0x1F else 2  # EMV's tags have two octets at most
        total += dol[at]
        at += 1
    return total


def _read_record(dgi: Dgi) -> bytes:
    """Read the record whose grouping this is: it is named by file and number (CPS 1.1)."""
    return CommandApdu(0x00, _READ_RECORD, dgi.id & 0xFF, dgi.id >> 8 << 3 | 4, le=_ALL).encode()


def session_commands(host_challenge: bytes) -> tuple[bytes, bytes]:
    """Return what makes a chip present itself: SELECT of its card manager, INITIALIZE UPDATE."""
    return select(ISSUER_SECURITY_DOMAIN), initialize_update(host_challenge)


def check_blank(expected: str, found: str) -> None:
    """Make sure that the machine holds the blank that was printed.

    Raises:
        SpoiledError: BLANK_SWAPPED.
    """
    if expected and expected != found:
        raise SpoiledError("BLANK_SWAPPED", f"the machine holds blank {found}, not {expected}")


def check_stripe(written: Mapping[int, BitStream], read: Mapping[int, BitStream]) -> None:
    """Compare the stripe bit by bit.

    Raises:
        SpoiledError: STRIPE_READBACK, naming the track.
    """
    for track, bits in written.items():
        if read.get(track) != bits:
            raise SpoiledError("STRIPE_READBACK", f"track {track} reads otherwise than written")


def check_session(responses: Sequence[bytes]) -> bytes:
    """Return the data with which the chip answered INITIALIZE UPDATE.

    Raises:
        SpoiledError: CHIP_SESSION.
    """
    *_, answer = _answers("CHIP_SESSION", 2, responses)
    return answer


def check_script(chip: ChipPlan, length: int, responses: Sequence[bytes]) -> None:
    """Make sure that each command of the module's script succeeded.

    Raises:
        SpoiledError: CHIP_CRYPTOGRAM (it does not know us), CHIP_INSTALL or CHIP_STORE_DATA.
    """
    installed = 1 + len(chip.prologue)
    _answers("CHIP_CRYPTOGRAM", 1, responses[:1])
    _answers("CHIP_INSTALL", len(chip.prologue), responses[1:installed])
    _answers("CHIP_STORE_DATA", length - installed, responses[installed:])


def check_reading(reading: Reading, responses: Sequence[bytes]) -> None:
    """Compare what the application tells after a reset with what it was given.

    Raises:
        SpoiledError: CHIP_READBACK.
    """
    found = _answers("CHIP_READBACK", len(reading.commands), responses)
    for number, (expected, data) in enumerate(zip(reading.expected, found, strict=True), 1):
        if data != expected:
            raise SpoiledError("CHIP_READBACK", f"answer {number} is not what was stored")


def check_refused(responses: Sequence[bytes]) -> None:
    """Make sure that what is kept for readers that prove themselves is kept from others.

    Raises:
        SpoiledError: CHIP_UNPROTECTED.
    """
    for response in responses:
        if ResponseApdu.parse(response).sw != SW.SECURITY_STATUS_NOT_SATISFIED:
            raise SpoiledError("CHIP_UNPROTECTED", "a protected file does not ask for a proof")


def _answers(code: str, count: int, responses: Sequence[bytes]) -> list[bytes]:
    """Return the data of ``count`` responses that all end with 9000."""
    if len(responses) != count and all(response[-2:] == b"\x90\x00" for response in responses):
        raise SpoiledError(code, f"the chip answered {len(responses)} of {count} commands")
    answers = [ResponseApdu.parse(response) for response in responses]
    for number, answer in enumerate(answers, 1):
        if answer.sw != SW.OK:
            raise SpoiledError(code, f"the chip answered command {number} with {answer.sw:04X}")
    return [answer.data for answer in answers]
