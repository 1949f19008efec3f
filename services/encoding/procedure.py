"""How a chip becomes a card, over whatever link reaches it.

Look, open a channel with the initial keys, install, store, put the issuer's keys, secure the card;
then prove the new keys in a session of their own, and read back. What a broken-off visit left is
seen by looking, so a visit after it goes on by the specifications' rules: an application that is
not personalized starts again from its installation (EMV CPS 1.1, 3.2.7: STORE DATA from its first
block), and keys that are there already are not put a second time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.hsm.chips import ChipStage, ChipVerdict
from cardwright.hsm.port import BadgeProof, ChipAnswers, ChipToPersonalize, HsmError
from cardwright.iso.apdu import SW, ResponseApdu
from cardwright.station.faults import until_it_passes
from services.encoding.adapters.scripts import Scripts
from services.encoding.domain.answers import (
    ChipSaid,
    What,
    failure,
    key_set,
    looking,
    presented,
    what_to_do,
)
from services.encoding.domain.badge import CHALLENGE, cryptogram, proof_commands
from services.encoding.domain.faults import SpoiledError
from services.encoding.domain.plan import ChipPlan
from services.encoding.domain.reading import check_reading, check_refused
from services.encoding.ports import Attempt, Attempts, ChipLink, ChipLostError

__all__ = ["MadeChip", "Personalizer"]

_FOREIGN_CHIP: Final = "SCP03_CARD_CRYPTOGRAM"
_DIVERSIFICATION: Final = 10
_VISITS: Final = 2
"""A contact may bounce: a chip that was lost is looked for once more, and then it is lost."""


@dataclass(frozen=True, slots=True)
class MadeChip:
    """A chip that is a card, as the log will have it.

    Attributes:
        serial: its diversification data, in hexadecimal.
        cplc: its production data, 42 octets; empty if it tells none.
        atc: transaction counter of its payment application.
        key_version: version of its key set.
    """

    serial: str
    cplc: bytes
    atc: int
    key_version: int


class _LostError(Exception):
    """The chip was lost.

    Attributes:
        spoiled: what is stated if it does not come back.
        telling: commands were under way, so that this says more than that it is gone.
    """

    def __init__(self, spoiled: SpoiledError, *, telling: bool) -> None:
        super().__init__(str(spoiled))
        self.spoiled = spoiled
        self.telling = telling


class Personalizer:
    """Makes chips.

    Args:
        scripts: the security module's scripts and verdicts.
        attempts: what was tried on which piece.
        most: attempts on one chip before a person must look at it. Chips block after more wrong
            ones: ten, as a rule.
    """

    def __init__(self, scripts: Scripts, attempts: Attempts, *, most: int = 3) -> None:
        self._scripts, self._attempts, self._most = scripts, attempts, most

    async def make(self, link: ChipLink, piece: str, card_id: str, plan: ChipPlan) -> MadeChip:
        """Make the chip, or finish it, and prove that it is made.

        Args:
            link: the way to it.
            piece: its blank's serial number.
            card_id: the card.
            plan: what it gets.

        Raises:
            SpoiledError: It can't become this card; the detail names the key set that it has.
            DeviceUnavailableError: Nothing is known of it now: ask later.
        """
        lost: _LostError | None = None
        for _ in range(_VISITS):
            visit = _Visit(self._scripts, self._attempts, self._most, link, piece, card_id, plan)
            try:
                made = await visit.make()
            except _LostError as again:
                lost = again if again.telling or lost is None else lost
            except SpoiledError as spoiled:
                if lost is not None and spoiled.code == "CHIP_MUTE":
                    break
                raise
            else:
                await until_it_passes("encoding", self._attempts.forget, piece)
                return made
        assert lost is not None, "each visit returns, raises or loses the chip"
        raise lost.spoiled

    async def last_words(self, piece: str) -> str:
        """Say which key set a piece's chip has that can't be asked any more; empty: never tried."""
        tried = await until_it_passes("encoding", self._attempts.last, piece)
        if tried is None:
            return ""
        if not tried.next_version:
            return f"key set {tried.key_version:02X}"
        return f"key set {tried.key_version:02X}, or {tried.next_version:02X}"


@dataclass(slots=True)
class _Visit:
    """One time that a chip is powered up to be made."""

    scripts: Scripts
    attempts: Attempts
    most: int
    link: ChipLink
    piece: str
    card_id: str
    plan: ChipPlan
    serial: str = ""

    async def make(self) -> MadeChip:
        said = await self._look()
        await self._identify(said)
        todo = what_to_do(self.plan, said)
        if todo is What.PROOF:
            version = self.plan.issuer_version
            await self._count(version, 0)
            return await self._finish(said, version)
        version = key_set(self.plan, said)
        if todo is What.AGAIN and not self.plan.issuer_version and await self._reads():
            await self._count(version, 0)
            return await self._finish(said, version)
        await self._count(version, self.plan.issuer_version)
        installed = said.installed if todo is What.AGAIN else ()
        verdict = await self._session(said, ChipStage.PERSONALIZE, version, installed)
        if self.plan.issuer_version:
            await self._session(said, ChipStage.PROVE_KEYS, verdict.key_version)
        return await self._read_back(said, verdict.key_version)

    async def _finish(self, said: ChipSaid, version: int) -> MadeChip:
        """All data and keys are there; whether the card is SECURED its last session had to say."""
        await self._session(said, ChipStage.SECURE_CARD, version)
        return await self._read_back(said, version)

    async def _look(self) -> ChipSaid:
        commands = looking(self.plan)
        try:
            answers = await self.link.transmit(commands, reset=True, persist=True)
        except ChipLostError as lost:
            spoiled = SpoiledError(lost.code, "the chip was lost before anything was sent to it")
            raise _LostError(spoiled, telling=False) from lost
        return presented(self.plan, answers)

    async def _identify(self, said: ChipSaid) -> None:
        """Write to no chip that was another blank's, and to no blank that had another chip."""
        if not said.identity:
            return
        ours = await until_it_passes("encoding", self.attempts.belongs, said.identity, self.piece)
        if not ours:
            raise SpoiledError(
                "CHIP_STRANGER",
                "this chip is known from another blank, or this blank with another chip",
                quarantine=True,
            )

    async def _count(self, version: int, following: int) -> None:
        """Record the attempt before it is made."""
        attempt = Attempt(self.piece, version, following)
        count = await until_it_passes("encoding", self.attempts.begin, attempt)
        if count > self.most:
            raise SpoiledError(
                "CHIP_ATTEMPTS",
                f"{self.most} attempts on this chip did not end well; key set {version:02X}",
                quarantine=True,
            )

    async def _session(
        self, said: ChipSaid, stage: ChipStage, version: int, installed: tuple[bytes, ...] = ()
    ) -> ChipVerdict:
        """Open a channel, run its script, and have the answers checked."""
        challenge = secrets.token_bytes(said.challenge)
        update = await self._open(challenge, version)
        self.serial = update[:_DIVERSIFICATION].hex().upper()
        item = ChipToPersonalize(
            card_id=self.card_id,
            kmc=self.plan.kmc,
            host_challenge=challenge,
            initialize_update=update,
            sealed_keys=self.plan.sealed_keys,
            applications=self.plan.applications,
            channel=self.plan.channel,
            stage=stage,
            installed=installed,
        )
        script = await self._script(item, version)
        finishing, gone = stage is ChipStage.SECURE_CARD, ""
        try:
            answers = tuple(await self.link.transmit(script, persist=finishing))
        except ChipLostError as lost:
            answers, gone = lost.answers, lost.code
        verdict = await self._verdict(ChipAnswers(item, answers))
        if verdict.reason and not (finishing and _secured_before(verdict, answers)):
            spoiled = failure(script, verdict, gone)
            raise _LostError(spoiled, telling=True) if gone else spoiled
        return verdict

    async def _open(self, challenge: bytes, version: int) -> bytes:
        """SELECT the card manager, INITIALIZE UPDATE; what the chip answers to the latter."""
        commands = (
            select(ISSUER_SECURITY_DOMAIN),
            initialize_update(challenge, key_version=version),
        )
        try:
            answers = await self.link.transmit(commands, reset=True)
        except ChipLostError as lost:
            spoiled = SpoiledError(
                lost.code, f"the chip was lost before its session; key set {version:02X}"
            )
            raise _LostError(spoiled, telling=True) from lost
        answer = ResponseApdu.parse(answers[-1])
        if len(answers) < len(commands) or answer.sw != SW.OK:
            blocked = answer.sw == SW.AUTHENTICATION_METHOD_BLOCKED
            raise SpoiledError(
                "CHIP_BLOCKED" if blocked else "CHIP_SESSION",
                f"the card manager answers {answer.sw:04X}; key set {version:02X}",
                quarantine=blocked,
            )
        return answer.data

    async def _script(self, item: ChipToPersonalize, version: int) -> tuple[bytes, ...]:
        # The chip waits in its session: to open another one would count against it.
        script = await until_it_passes("encoding", self.scripts.of, item)
        if not isinstance(script, HsmError):
            return script
        foreign = script.code == _FOREIGN_CHIP
        raise SpoiledError(
            "CHIP_CRYPTOGRAM" if foreign else script.code,
            f"the security module makes no script for this chip ({script.code}); "
            f"key set {version:02X}",
            quarantine=foreign,
        )

    async def _verdict(self, answers: ChipAnswers) -> ChipVerdict:
        verdict = await until_it_passes("encoding", self.scripts.verdict, answers)
        if isinstance(verdict, HsmError):
            raise SpoiledError(
                verdict.code,
                "the security module can't check the chip's answers; its key set is not known",
                quarantine=True,
            )
        return verdict

    async def _reads(self) -> bool:
        """Whether a chip that keeps its initial keys has all of its data already."""
        try:
            await self._reading(0)
        except SpoiledError:
            return False
        return True

    async def _read_back(self, said: ChipSaid, version: int) -> MadeChip:
        counter = await self._reading(version)
        return MadeChip(self.serial, said.cplc, counter, version)

    async def _reading(self, version: int) -> int:
        try:
            answers = await self.link.transmit(self.plan.reading.commands, reset=True)
            counter = check_reading(self.plan.reading, answers)
            for group in self.plan.reading.refused:
                check_refused(await self.link.transmit(group, persist=True))
            for aid in self.plan.badges:
                await self._prove_badge(aid)
        except ChipLostError as lost:
            spoiled = SpoiledError(
                lost.code, f"the chip was lost while it was read back; key set {version:02X}"
            )
            raise _LostError(spoiled, telling=True) from lost
        except SpoiledError as other:
            raise SpoiledError(other.code, f"{other}; key set {version:02X}") from None
        return counter

    async def _prove_badge(self, aid: bytes) -> None:
        """Have the badge answer a challenge with its key, and the module compare."""
        challenge = secrets.token_bytes(CHALLENGE)
        answer = cryptogram(await self.link.transmit(proof_commands(aid, challenge)))
        proof = BadgeProof(self.card_id, self.plan.sealed_keys, aid, challenge, answer)
        genuine = await until_it_passes("encoding", self.scripts.genuine, proof)
        if isinstance(genuine, HsmError):
            raise SpoiledError(
                genuine.code, "the security module can't tell whether the badge has its key"
            )
        if not genuine:
            raise SpoiledError("CHIP_KEY", "the badge has another key than was derived for it")


def _secured_before(verdict: ChipVerdict, answers: tuple[bytes, ...]) -> bool:
    """Whether the card was SECURED: steps that are done are refused, and nothing else is."""
    done = {SW.OK, SW.CONDITIONS_NOT_SATISFIED}
    statuses = [int.from_bytes(answer[-2:], "big") for answer in answers[1:]]
    return verdict.index > 0 and len(statuses) == 2 and done.issuperset(statuses)
