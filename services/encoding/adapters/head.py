"""One card in an encoder's head, from FEED to EJECT (docs/devices.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from cardwright.driver import DeviceConnection, DeviceRefusedError, Reply, Request
from cardwright.driver.apdus import pack_apdus, unpack_apdus
from cardwright.iso.errors import StripeError
from cardwright.iso.stripe import BitStream
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.msrhead import MsrHead
from services.encoding.adapters.readerlink import ReaderLink
from services.encoding.domain import Memo, SpoiledError
from services.encoding.ports import ChipLink, StripeEncoder

__all__ = ["Head", "JobState"]

_OUT_OF_THE_HEAD = frozenset({"NOT_IN_HEAD", "NOT_POWERED"})


@dataclass(frozen=True, slots=True)
class JobState:
    """What the machine says of a job, from its memory or its ledger.

    Attributes:
        state: unknown, in_head, done, rejected, failed or interrupted.
        blank: serial number of the blank.
        code: why it failed or was rejected.
        tracks: the tracks that were written.
        personalised: the chip accepted data.
        chip: the chip's serial, as it presented itself.
        head: the number of the head that holds the card, from 0.
        memo: what we had it keep with the job's end.
    """

    state: str
    blank: str = ""
    code: str = ""
    tracks: tuple[int, ...] = ()
    personalised: bool = False
    chip: str = ""
    head: int = 0
    memo: Memo = field(default_factory=Memo)

    @classmethod
    def parse(cls, ok: Mapping[str, Any]) -> Self:
        """Read the machine's reply to FEED, JOB or EJECT."""
        return cls(
            state=str(ok["state"]),
            blank=str(ok.get("blank", "")),
            code=str(ok.get("code", "")),
            tracks=tuple(ok.get("tracks", ())),
            personalised=bool(ok.get("personalised", False)),
            chip=str(ok.get("chip", "")),
            head=int(ok.get("head", 0)),
            memo=Memo.parse(str(ok.get("memo", ""))),
        )


class Head:
    """Drives a machine's head for one job; a ``ChipLink`` to the chip in it, a ``StripeEncoder``.

    Steps raise ``SpoiledError`` when the card is lost, ``DeviceUnavailableError`` when it is no
    longer in the head or no script can be had now, and ``DeviceLostError`` when nobody answers.

    Args:
        link: the connection to the machine.
        job_id: the job.
        number: which head, from 0.
        reader: the way to the chip where the head's contacts lead to a card reader.
        swipe: what writes its stripes, where the machine itself does not.
    """

    silence = True

    def __init__(
        self,
        link: DeviceConnection,
        job_id: str,
        number: int,
        reader: ReaderLink | None = None,
        swipe: MsrHead | None = None,
    ) -> None:
        self._link, self._job_id, self._number = link, job_id, number
        self._reader, self._swipe = reader, swipe

    @property
    def chip(self) -> ChipLink:
        """The way to the chip: the machine's own contacts, or a reader."""
        return self._reader or self

    @property
    def stripe(self) -> StripeEncoder:
        """What writes the stripe: the machine, or an encoder beside it."""
        return self._swipe or self

    async def feed(self) -> JobState:
        """Take the card in; a job that the machine knows is answered with its state.

        Raises:
            DeviceRefusedError: The machine can't take it.
        """
        fed = await self._link.ask(
            "FEED", job_id=self._job_id, card=self._job_id, head=self._number
        )
        return JobState.parse(fed.ok)

    async def encode(
        self, tracks: Mapping[int, BitStream], coercivity: str, *, written: bool
    ) -> dict[int, BitStream]:
        """Write the stripe, unless this was done, and read it, in one flight."""
        packed = {
            str(track): {"bits": bits.bits.hex(), "length": bits.length}
            for track, bits in tracks.items()
        }
        write = self._request("WRITE_STRIPE", tracks=packed, coercivity=coercivity)
        read = self._request("READ_STRIPE")
        *_, found = await self._flight([read] if written else [write, read])
        return _bits(found.ok["tracks"])

    async def transmit(
        self, commands: Sequence[bytes], *, reset: bool = False, persist: bool = False
    ) -> list[bytes]:
        """Send commands to the chip in one flight; see ``ChipLink``."""
        groups = [(command,) for command in commands] if persist else [tuple(commands)]
        powered = [self._request("POWER")] if reset else []
        replies = await self._flight([*powered, *map(self._apdus, groups)])
        answered = replies[len(powered) :]
        return [answer for reply in answered for answer in unpack_apdus(reply.body)]

    async def eject(self, result: str, code: str = "", memo: Memo | None = None) -> JobState:
        """Let the card out; code of a reject and memo are kept in the machine's ledger."""
        if self._reader is not None:
            await self._reader.close()
        text = memo.text() if memo is not None else ""
        kept = {name: value for name, value in (("code", code), ("memo", text)) if value}
        (out,) = await self._flight([self._request("EJECT", result=result, **kept)])
        return JobState.parse(out.ok)

    def _request(self, command: str, **fields: Any) -> Request:
        return Request(command, {"job_id": self._job_id, **fields})

    def _apdus(self, commands: tuple[bytes, ...]) -> Request:
        return Request("APDUS", {"job_id": self._job_id}, pack_apdus(commands))

    async def _flight(self, requests: list[Request]) -> list[Reply]:
        return [_reply(outcome) for outcome in await self._link.flight(requests)]


def _reply(outcome: Reply | DeviceRefusedError) -> Reply:
    if isinstance(outcome, Reply):
        return outcome
    if outcome.code in _OUT_OF_THE_HEAD:
        raise DeviceUnavailableError(outcome.code, "the card left the head meanwhile")
    raise SpoiledError(outcome.code, "the machine can't do this to the card")


def _bits(tracks: Mapping[str, Any]) -> dict[int, BitStream]:
    try:
        return {
            int(track): BitStream(bytes.fromhex(read["bits"]), read["length"])
            for track, read in tracks.items()
        }
    except StripeError:
        raise SpoiledError("STRIPE_READBACK", "the machine's reading makes no sense") from None
