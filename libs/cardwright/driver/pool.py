"""Connections to one machine: one for each job that is in it at the moment."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from cardwright.driver.addresses import DeviceAddress
from cardwright.driver.connection import DeviceConnection
from cardwright.driver.unavailable import device_away

__all__ = ["DevicePool"]


class DevicePool:
    """Lends connections and takes them back; a machine answers each connection in order."""

    def __init__(self, address: DeviceAddress) -> None:
        self._address = address
        self._idle: list[DeviceConnection] = []

    @contextlib.asynccontextmanager
    async def borrow(self) -> AsyncIterator[DeviceConnection]:
        """Lend a connection.

        Raises:
            DeviceUnavailableError: The machine was lost meanwhile.
        """
        address = self._address
        link = self._idle.pop() if self._idle else DeviceConnection(address.host, address.port)
        try:
            with device_away(address.name):
                yield link
        finally:
            self._idle.append(link)

    async def close(self) -> None:
        """Hang up."""
        while self._idle:
            await self._idle.pop().close()
