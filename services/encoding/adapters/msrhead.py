"""A head whose stripes a swipe encoder writes: calls that block, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from cardwright.iso.stripe import BitStream
from cardwright.msr import MsrEncoder, MsrError, SerialPort
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.domain import SpoiledError

__all__ = ["ENCODER_AWAY", "MsrHead"]

ENCODER_AWAY: Final = frozenset(
    {"MSR_LOST", "MSR_NO_SWIPE", "MSR_OUT_OF_STEP", "MSR_REFUSED", "MSR_SETTING", "MSR_TIMEOUT"}
)
"""The encoder's trouble and not the card's: when it is back, the stripe can be written again."""
T = TypeVar("T")


class MsrHead:
    """A ``StripeEncoder`` behind a serial port, which is opened when it is needed.

    Args:
        path: the port.
        swipe_within: seconds until the machine must have moved the card past the head.
    """

    silence = False

    def __init__(self, path: str, *, swipe_within: float = 10.0) -> None:
        self._path, self._swipe_within = path, swipe_within
        self._encoder: MsrEncoder | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="msr")

    async def encode(
        self, tracks: Mapping[int, BitStream], coercivity: str, *, written: bool
    ) -> dict[int, BitStream]:
        """Write the stripe, unless this was done, and read it; see ``StripeEncoder``."""

        def both(encoder: MsrEncoder) -> dict[int, BitStream]:
            if not written:
                encoder.write(tracks, coercivity)
            return encoder.read()

        return await self._in_thread(both)

    async def present(self) -> bool:
        """Whether the encoder answers."""
        try:
            await self._in_thread(MsrEncoder.prepare)
        except (DeviceUnavailableError, SpoiledError):
            return False
        return True

    def close(self) -> None:
        """Leave the port to others; a command under way is finished first."""
        self._thread.submit(self._let_go)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[MsrEncoder], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._with_encoder, work)
        except MsrError as error:
            if error.code in ENCODER_AWAY:
                raise DeviceUnavailableError(error.code, str(error)) from error
            raise SpoiledError(
                "STRIPE_WRITE", f"the stripe can't be written: {error.code}"
            ) from error

    def _with_encoder(self, work: Callable[[MsrEncoder], T]) -> T:
        if self._encoder is None:
            self._encoder = MsrEncoder(SerialPort(self._path), swipe_within=self._swipe_within)
        try:
            return work(self._encoder)
        except MsrError as error:
            if error.code == "MSR_LOST":
                self._let_go()  # the next one opens the port anew
            raise

    def _let_go(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
