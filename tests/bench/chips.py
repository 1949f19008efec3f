"""One EMV debit card in this process: the host's work a card, the software chip's, and bare calls.

What a head does with a blank, without head, module, vault and network: the chip presents itself,
the script is made (INSTALL, STORE DATA, PUT KEY, SET STATUS), the chip carries it out, its answers
are checked, and every record is read back and compared. The card is the debit product's with
profile ``emv-debit-cda``: CDA, an offline PIN, PSE and PPSE. Its keys and certificates are there
before: they are key management's. A chip of silicon takes its own time instead of the software's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import process_time

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.chip import Chip, manufacture
from cardwright.chip.emv import EmvApplet
from cardwright.cipher import ClearAes
from cardwright.emv.dgi import Dgi, parse_all
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.hsm.chips import ChipApplication, ChipChannel
from cardwright.hsm.port import ChipToPersonalize
from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards.chip_keys import ApplicationKeys
from services.keymanagement.module.cards.script import prepare
from tests.unit.dataprep.chip_kit import composed, drafted, made

__all__ = ["Chips", "bare_script", "personalize"]

_OK = b"\x90\0"
_STORE_DATA = 0xE2
_FCI, _LAST_RECORD_FILE = 0x9102, 30
_KMC, _ISSUER_KMC = (ClearAes(SecretBytes(os.urandom(16))) for _ in range(2))
_CHIP_KEY = os.urandom(16)
_WARM = 5


@dataclass(frozen=True, slots=True)
class Chips:
    """CPU milliseconds a card.

    Attributes:
        level: P1 of EXTERNAL AUTHENTICATE.
        longest: octets of a command's data at most: short ones make more commands.
        commands: of a script; ``store_data`` of them.
        reads: commands of the read-back.
        script_ms: the host makes the script.
        check_ms: the host checks the answers and what it reads.
        chip_ms: the software chip carries the script out; ``read_ms``: and is read.
        host_bare_ms: the ciphers and MACs of the host's side alone, on the same octets.
        chip_bare_ms: the same of the chip's side, with the RSA operation that proves its key.
    """

    level: int
    longest: int
    cards: int
    commands: int
    store_data: int
    reads: int
    script_ms: float
    check_ms: float
    chip_ms: float
    read_ms: float
    host_bare_ms: float
    chip_bare_ms: float

    @property
    def host_ms(self) -> float:
        """All that is the host's."""
        return self.script_ms + self.check_ms

    @property
    def all_ms(self) -> float:
        """Both sides."""
        return self.host_ms + self.chip_ms + self.read_ms

    @property
    def rate(self) -> float:
        """Cards a second that a core does of this and nothing else."""
        return 1000 / self.all_ms

    @property
    def ratio(self) -> float:
        """How many times its bare calls a card costs, both sides together."""
        return self.all_ms / (self.host_bare_ms + self.chip_bare_ms)


@dataclass
class _Clock:
    """CPU seconds by what they went into."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def count(self, what: str) -> Iterator[None]:
        """Add what the block takes."""
        began = process_time()
        yield
        self.spent[what] = self.spent.get(what, 0.0) + process_time() - began


@dataclass(frozen=True)
class _Card:
    """What one card gets, and what it must read like."""

    applications: tuple[ChipApplication, ...]
    keys: dict[bytes, ApplicationKeys]
    reading: tuple[tuple[bytes, bytes], ...]
    icc_bits: int


def personalize(cards: int, level: int = 0x03, longest: int = 255) -> Chips:
    """Personalize so many chips, one after the other."""
    card, clock = _card(), _Clock()
    channel = ChipChannel(
        security_level=level,
        issuer_kmc="issuer/KMC",
        issuer_key_version=0x42,
        longest_command=longest,
    )
    for number in range(_WARM):
        _one(card, number, ChipChannel(), _Clock())
    script: Sequence[bytes] = ()
    for number in range(cards):
        script = _one(card, _WARM + number, channel, clock)
    bare = bare_script(script, level)
    spent = {what: seconds / cards * 1000 for what, seconds in clock.spent.items()}
    return Chips(
        level,
        longest,
        cards,
        len(script),
        sum(command[1] == _STORE_DATA for command in script),
        len(card.reading),
        spent["script"],
        spent["check"],
        spent["chip"],
        spent["read"],
        bare,
        bare + _rsa(card.icc_bits),
    )


def _one(card: _Card, number: int, channel: ChipChannel, clock: _Clock) -> Sequence[bytes]:
    """Personalize one chip; its script."""
    chip = manufacture(number.to_bytes(10, "big"), _CHIP_KEY)
    challenge = os.urandom(8)
    with clock.count("chip"):
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        presented = chip.process(initialize_update(challenge))
    item = ChipToPersonalize(
        "card", "chip/KMC", challenge, presented, b"", card.applications, channel
    )
    with clock.count("script"):
        planned = prepare(item, _masters, card.keys)
        script = planned.commands()
    with clock.count("chip"):
        answers = [chip.process(command) for command in script]
    with clock.count("check"):
        verdict = planned.verdict(tuple(answers))
    if verdict.reason:
        raise RuntimeError(f"the chip refused command {verdict.index}: {verdict.status:04X}")
    _read_back(card, chip, clock)
    return script


def _read_back(card: _Card, chip: Chip, clock: _Clock) -> None:
    with clock.count("read"):
        chip.power_on()
        found = [chip.process(command) for command, _ in card.reading]
    with clock.count("check"):
        same = all(
            data == expected + _OK for data, (_, expected) in zip(found, card.reading, strict=True)
        )
    if not same:
        raise RuntimeError("the chip reads otherwise than it was written")


def _masters(label: str, scheme: Diversification) -> Callable[[bytes], StaticKeys]:
    key = ClearAes(SecretBytes(_CHIP_KEY)) if label == "chip/KMC" else _ISSUER_KMC
    return partial(scheme.static_keys, key)


def _card() -> _Card:
    chip = composed(drafted())
    recipes = {recipe.instance_aid: recipe for recipe in chip.recipes}
    applications: list[ChipApplication] = []
    keys: dict[bytes, ApplicationKeys] = {}
    reading: list[tuple[bytes, bytes]] = []
    for each in chip.applications:
        applications.append(ChipApplication(each.module_aid, each.instance_aid, each.dgis))
        groupings = [dgi for encoded in each.dgis for dgi in parse_all(encoded)]
        if recipe := recipes.get(each.instance_aid):
            added = list(made(recipe))
            keys[each.instance_aid] = ApplicationKeys(
                each.instance_aid,
                tuple(SecretBytes(dgi.encode()) for dgi in added if _secret(dgi)),
                tuple(dgi.encode() for dgi in added if not _secret(dgi)),
            )
            groupings += [dgi for dgi in added if not _secret(dgi)]
        reading += _reading(each.instance_aid, groupings)
    bits = [each.authentication.icc_bits for each in chip.recipes if each.authentication]
    return _Card(tuple(applications), keys, tuple(reading), max(bits))


def _secret(dgi: Dgi) -> bool:
    return dgi.id in EmvApplet.ENCRYPTED


def _reading(aid: bytes, groupings: Sequence[Dgi]) -> Iterator[tuple[bytes, bytes]]:
    """SELECT and every record, with what they must answer."""
    fci = b"".join(dgi.value for dgi in groupings if dgi.id == _FCI)
    yield select(aid), tlv.encode(0x6F, tlv.encode(0x84, aid) + fci)
    for dgi in groupings:
        file, number = divmod(dgi.id, 0x100)
        if 1 <= file <= _LAST_RECORD_FILE:
            yield CommandApdu(0x00, 0xB2, number, file << 3 | 4, le=256).encode(), dgi.value


def bare_script(script: Sequence[bytes], level: int) -> float:
    """A MAC a command and perhaps an answer, a cipher and its vector for data: ms a card."""
    key, cards = AES(os.urandom(16)), 20
    began = process_time()
    for _ in range(cards):
        for command in script:
            mac = CMAC(key)
            mac.update(bytes(16) + command[:-8])
            mac.finalize()
            if level & 0x10:
                mac = CMAC(key)
                mac.update(bytes(18))
                mac.finalize()
            if level & 2 and len(command) > 29:
                Cipher(key, modes.ECB()).encryptor().update(bytes(16))  # the initial vector
                body = command[5:-8]
                Cipher(key, modes.CBC(bytes(16))).encryptor().update(body[: len(body) // 16 * 16])
    return (process_time() - began) / cards * 1000


def _rsa(bits: int) -> float:
    """What a chip must do at least to know that its RSA key is whole: one private operation, ms.

    By the Chinese remainder theorem, as ``cryptography``'s own library does it.
    """
    key = rsa.generate_private_key(65537, bits)
    block = key.public_key().encrypt(bytes(16), PKCS1v15())
    began, repeats = process_time(), 50
    for _ in range(repeats):
        key.decrypt(block, PKCS1v15())
    return (process_time() - began) / repeats * 1000
