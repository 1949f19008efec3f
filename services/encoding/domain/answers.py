"""What a chip says of itself before a session, and what its answers to a script mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cardwright.globalplatform.authentication import Scp
from cardwright.globalplatform.card_data import (
    Cplc,
    KeyInformation,
    parse_key_information,
    parse_secure_channels,
)
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, get_data, select
from cardwright.globalplatform.errors import CardDataError
from cardwright.globalplatform.keys import Diversification, KeyAlgorithm
from cardwright.hsm.chips import ChipVerdict
from cardwright.iso.apdu import SW, ResponseApdu
from services.encoding.domain.faults import SpoiledError
from services.encoding.domain.plan import ChipPlan

__all__ = ["ChipSaid", "What", "failure", "key_set", "looking", "presented", "what_to_do"]

_CPLC, _KEY_INFORMATION, _CARD_DATA = 0x9F7F, 0xE0, 0x66
_S16: Final = 0x01
_IDENTITY: Final = 18  # of CPLC: fabricator, type, operating system, date, serial number, batch
_SET: Final = frozenset({1, 2, 3})
_KEY_TYPES: Final = {KeyAlgorithm.AES: {0x88}, KeyAlgorithm.TDES: {0x80, 0x82}}
"""Coding of a key's type (GP 2.3.1, 11.1.8); 82 is triple DES in CBC mode."""

_CODES: Final = {
    0x82: "CHIP_CRYPTOGRAM",
    0xE4: "CHIP_DELETE",
    0xE6: "CHIP_INSTALL",
    0xE2: "CHIP_STORE_DATA",
    0xD8: "CHIP_PUT_KEY",
    0xF0: "CHIP_STATUS",
}
"""What a refused command means, by its instruction."""

_STATUS, _MISSING = "RESPONSE_STATUS", "RESPONSE_MISSING"


class What(Enum):
    """What a chip needs, by what is on it already."""

    EVERYTHING = "everything"
    AGAIN = "again"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class ChipSaid:
    """A chip as it says of itself, before anybody authenticated.

    Attributes:
        cplc: production data, 42 octets; empty if it tells none.
        keys: key information; empty if it tells none.
        challenge: octets of the host challenge that it takes.
        installed: which of the card's instances are there.
    """

    cplc: bytes
    keys: tuple[KeyInformation, ...]
    challenge: int
    installed: tuple[bytes, ...]

    @property
    def identity(self) -> bytes:
        """What the chip's maker wrote into it for good; empty if it tells nothing."""
        return self.cplc[:_IDENTITY]

    @property
    def versions(self) -> frozenset[int]:
        """Versions of the key sets that it has."""
        return frozenset(each.version for each in self.keys)


def looking(plan: ChipPlan) -> tuple[bytes, ...]:
    """Return what to ask a chip after its reset; no answer but the first one matters by itself.

    None of it counts against the chip, since none authenticates.
    """
    asked = (get_data(tag) for tag in (_CPLC, _KEY_INFORMATION, _CARD_DATA))
    instances = (select(each.instance_aid) for each in plan.applications)
    return (select(ISSUER_SECURITY_DOMAIN), *asked, *instances)


def presented(plan: ChipPlan, responses: Sequence[bytes]) -> ChipSaid:
    """Read the answers to ``looking``.

    Raises:
        SpoiledError: CHIP_SESSION: there is no card manager, or it is locked; CHIP_DATA: it says
            what can't be read.
    """
    answers = [ResponseApdu.parse(each) for each in responses]
    manager, cplc, keys, card, *instances = answers
    if manager.sw != SW.OK:
        raise SpoiledError("CHIP_SESSION", f"the card manager answers {manager.sw:04X}")
    try:
        if cplc.ok:
            Cplc.parse(cplc.data)
        information = parse_key_information(keys.data) if keys.ok else ()
        channels = parse_secure_channels(card.data) if card.ok else ()
    except CardDataError as error:
        raise SpoiledError("CHIP_DATA", str(error)) from None
    wide = plan_algorithm(plan) is KeyAlgorithm.AES and any(
        scp == Scp.SCP03 and i & _S16 for scp, i in channels
    )
    return ChipSaid(
        cplc.data[-42:] if cplc.ok else b"",
        information,
        16 if wide else 8,
        tuple(
            each.instance_aid
            for each, answer in zip(plan.applications, instances, strict=True)
            if answer.sw != SW.FILE_NOT_FOUND
        ),
    )


def plan_algorithm(plan: ChipPlan) -> KeyAlgorithm:
    """Return the algorithm of the keys that open a chip: SCP02's or SCP03's."""
    return Diversification(plan.channel.diversification).algorithm


def what_to_do(plan: ChipPlan, said: ChipSaid) -> What:
    """Tell what a chip needs.

    The issuer's keys come after all data. So a chip that has them has its data, and one that has
    not begins again. Where no keys are replaced, an application that answers tells as much: until
    its last STORE DATA it answers nothing but its name, and reading it back finds that.
    """
    if plan.issuer_version and plan.issuer_version in said.versions:
        return What.PROOF
    if not said.installed:
        return What.EVERYTHING
    return What.AGAIN


def key_set(plan: ChipPlan, said: ChipSaid) -> int:
    """Return the version of the key set to open the chip with; 0, its first, if it tells none.

    Raises:
        SpoiledError: CHIP_KEY_SET: no whole set is of the product's algorithm.
    """
    if not said.keys:
        return 0
    types = _KEY_TYPES[plan_algorithm(plan)]
    for version in dict.fromkeys(each.version for each in said.keys):
        mine = [each for each in said.keys if each.version == version]
        fits = all(kind in types for each in mine for kind, _ in each.components)
        if fits and {each.identifier for each in mine} >= _SET:
            return version
    raise SpoiledError(
        "CHIP_KEY_SET",
        f"the chip's key sets {_listed(said.versions)} are none for {plan.channel.diversification}",
        quarantine=True,
    )


def failure(script: Sequence[bytes], verdict: ChipVerdict, lost: str = "") -> SpoiledError:
    """Say what became of a chip that did not do its whole script.

    A refusal that is known to have changed nothing spoils it. What may be anybody's doing (a wrong
    MAC, other check values, a wrong cryptogram) and a key set that may be either are for a person.

    Args:
        script: what was sent.
        verdict: what the security module says of the answers.
        lost: code of the chip's loss, if it was lost on the way.
    """
    keys = f"key set {verdict.key_version:02X}"
    if verdict.keys_uncertain:
        keys = f"{keys}, or the one to come"
    command = f"command {verdict.index + 1} of {len(script)}"
    if verdict.reason == _STATUS:
        code = _CODES.get(_instruction(script, verdict.index), "CHIP_REFUSED")
        happened = f"{command} was answered with {verdict.status:04X}"
    elif verdict.reason == _MISSING:
        code, happened = lost or "CHIP_LOST", f"{command} was not answered"
    else:
        code, happened = f"CHIP_{verdict.reason}", f"{command} was answered by whom we don't know"
    doubtful = verdict.keys_uncertain or verdict.reason not in {_STATUS, _MISSING}
    return SpoiledError(
        code,
        f"{happened}; {keys}",
        quarantine=doubtful or code == "CHIP_CRYPTOGRAM",
    )


def _instruction(script: Sequence[bytes], index: int) -> int:
    return script[index][1] if index < len(script) else 0


def _listed(versions: frozenset[int]) -> str:
    return ", ".join(f"{each:02X}" for each in sorted(versions)) or "(none)"
