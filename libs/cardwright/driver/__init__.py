"""The driver's side of the device socket protocol (docs/devices.md), shared by all stations.

It shares that page with the machines and no code.
"""

from cardwright.driver.addresses import DeviceAddress, DeviceAddressError, parse_addresses
from cardwright.driver.connection import DeviceConnection, Reply, Request
from cardwright.driver.errors import DeviceLostError, DeviceRefusedError
from cardwright.driver.pool import DevicePool
from cardwright.driver.unavailable import device_away

__all__ = [
    "DeviceAddress",
    "DeviceAddressError",
    "DeviceConnection",
    "DeviceLostError",
    "DevicePool",
    "DeviceRefusedError",
    "Reply",
    "Request",
    "device_away",
    "parse_addresses",
]
