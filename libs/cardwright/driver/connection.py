"""A connection to one machine: pipelined requests, answers in order, a new link after a loss."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cardwright.driver.errors import DeviceLostError, DeviceRefusedError
from cardwright.driver.frames import encode, read_frame

__all__ = ["DeviceConnection", "Reply", "Request"]

_BUFFER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its header fields and its body, which may hold card data."""

    command: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the machine answered: the header's ``ok`` and the body, which may hold card data."""

    ok: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)


Outcome = Reply | DeviceRefusedError


class DeviceConnection:
    """Talks to the machine at ``host:port``; connects when first used, and anew after a loss.

    Requests of several tasks are pipelined: the machine carries them out and answers in the order
    they were sent. So a command that waits (JOB with ``wait``) holds back what comes behind it;
    give such waiting a connection of its own. Nothing is ever sent twice: after a loss the caller
    asks the machine what became of its job.

    Args:
        host: name or address of the machine.
        port: its TCP port.
        connect_within: seconds it may take to connect.
    """

    def __init__(self, host: str, port: int, *, connect_within: float = 5.0) -> None:
        self._host, self._port, self._connect_within = host, port, connect_within
        self._link: _Link | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ask(
        self, command: str, body: bytes = b"", *, within: float = 30.0, **fields: Any
    ) -> Reply:
        """Send one request and return its reply.

        Args:
            command: the command's name.
            body: the request's raw body.
            within: seconds until the answer must be there, what is ahead of it included.
            **fields: the command's header fields.

        Raises:
            DeviceRefusedError: The machine refused.
            DeviceLostError: No answer came.
        """
        (outcome,) = await self.flight([Request(command, fields, body)], within=within)
        if isinstance(outcome, DeviceRefusedError):
            raise outcome
        return outcome

    async def flight(self, requests: Sequence[Request], *, within: float = 30.0) -> list[Outcome]:
        """Send requests in one go and return what each met: a reply, or the refusal.

        A refusal stops nothing: the machine goes on with the next request.

        Raises:
            DeviceLostError: Not all answers came in ``within`` seconds; the link is given up, since
                answers that come late would hold back everybody.
        """
        link = await self._connected()
        try:
            async with asyncio.timeout(within):
                return await link.exchange(requests)
        except TimeoutError:
            lost = DeviceLostError("DEVICE_TIMEOUT", f"no answer in {within:g} seconds")
            link.abandon(lost)
            raise lost from None

    async def close(self) -> None:
        """Hang up; requests in flight end with DeviceLostError."""
        if self._link is not None:
            await self._link.close()
            self._link = None

    async def _connected(self) -> _Link:
        async with self._connecting:
            if self._link is None or self._link.lost is not None:
                await self.close()
                self._link = await self._connect()
            return self._link

    async def _connect(self) -> _Link:
        try:
            async with asyncio.timeout(self._connect_within):
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, limit=_BUFFER
                )
        except (OSError, TimeoutError):
            raise DeviceLostError(
                "DEVICE_UNREACHABLE", f"nothing answers at {self._host}:{self._port}"
            ) from None
        return _Link(reader, writer)


class _Link:
    """One TCP connection, from its opening to its loss. ``lost`` says why it can't be used."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lost: DeviceLostError | None = None
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._awaited: dict[int, asyncio.Future[Outcome]] = {}
        self._listening = asyncio.create_task(self._listen())

    async def exchange(self, requests: Sequence[Request]) -> list[Outcome]:
        if self.lost is not None:
            raise DeviceLostError(self.lost.code, "the link broke just before the request")
        loop = asyncio.get_running_loop()
        numbers = [next(self._ids) for _ in requests]
        frames = [
            encode({**request.fields, "id": number, "command": request.command}, request.body)
            for number, request in zip(numbers, requests, strict=True)
        ]
        answers = [loop.create_future() for _ in requests]
        self._awaited.update(zip(numbers, answers, strict=True))
        self._writer.writelines(frames)
        # Answers are read meanwhile, so a machine that answers before it reads on can't block us.
        return list(await asyncio.gather(*answers))

    def abandon(self, why: DeviceLostError) -> None:
        """Give the link up; who still waits is told why."""
        if self.lost is not None:
            return
        self.lost = why
        self._writer.transport.abort()
        self._listening.cancel()
        for answer in self._awaited.values():
            if not answer.done():
                answer.set_exception(DeviceLostError(why.code, "the link was given up"))
                answer.exception()  # its request may have been cancelled: nobody need look
        self._awaited.clear()

    async def close(self) -> None:
        self.abandon(DeviceLostError("DEVICE_LOST", "this side hung up"))
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            while True:
                self._settle(*await read_frame(self._reader))
        except DeviceLostError as why:
            self.abandon(why)

    def _settle(self, header: Mapping[str, Any], body: bytes) -> None:
        number, error, ok = header.get("id"), header.get("error"), header.get("ok")
        if type(number) is not int or number not in self._awaited:
            raise DeviceLostError("DEVICE_OUT_OF_STEP", "a reply to no request of ours")
        outcome: Outcome
        if isinstance(error, Mapping):
            outcome = DeviceRefusedError(str(error.get("code")), str(error.get("message")))
        elif isinstance(ok, Mapping):
            outcome = Reply(ok, body)
        else:
            raise DeviceLostError("DEVICE_OUT_OF_STEP", "a reply that is neither ok nor error")
        answer = self._awaited.pop(number)
        if not answer.done():
            answer.set_result(outcome)
