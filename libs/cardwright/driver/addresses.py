"""Where a station's machines are: ``name=host:port, name=host:port`` (CARDWRIGHT_DEVICES)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["DeviceAddress", "DeviceAddressError", "parse_addresses"]

_ADDRESS: Final = re.compile(
    r"(?P<name>[a-z][a-z0-9-]{0,62})=(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})"
)


class DeviceAddressError(ValueError):
    """The list of machines can't be read."""

    code = "DEVICE_ADDRESS"


class DeviceAddress(NamedTuple):
    """A machine's name in facts and its TCP address."""

    name: str
    host: str
    port: int


def parse_addresses(text: str) -> list[DeviceAddress]:
    """Read a list of machines; white space around the items is ignored.

    Raises:
        DeviceAddressError: An item is not ``name=host:port``, or a name comes twice.
    """
    machines = [_parse(item.strip()) for item in text.split(",") if item.strip()]
    if len({machine.name for machine in machines}) < len(machines):
        raise DeviceAddressError("two machines have one name: give each its own")
    return machines


def _parse(item: str) -> DeviceAddress:
    found = _ADDRESS.fullmatch(item)
    if found is None or not 0 < int(found["port"]) < 1 << 16:
        raise DeviceAddressError(f"{item!r} is no machine: write it as name=host:port")
    return DeviceAddress(found["name"], found["host"].strip("[]"), int(found["port"]))
