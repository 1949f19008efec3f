"""The card's persistent memory as octets: versioned JSON, values in hexadecimal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.card_manager import MODULES, CardManager, CardState
from cardwright.chip.scp03 import KeySet

__all__ = ["ChipMemoryError", "dump", "load"]

_VERSION = 1


class ChipMemoryError(ValueError):
    """Octets that are no chip memory, or of another version of this software card."""

    code = "CHIP_MEMORY"


def dump(manager: CardManager) -> bytes:
    """All that outlives a power-down; session and selection do not."""
    keys = manager.keys
    return json.dumps(
        {
            "version": _VERSION,
            "cplc": manager.cplc.hex(),
            "diversification_data": manager.diversification_data.hex(),
            "state": manager.state,
            "keys": {
                "version": keys.version,
                "i": keys.i,
                "enc": keys.enc.hex(),
                "mac": keys.mac.hex(),
                "dek": keys.dek.hex(),
                "sequence": keys.sequence,
                "failures": keys.failures,
            },
            "applications": [_dump_applet(applet) for applet in manager.applications.values()],
        },
        separators=(",", ":"),
    ).encode()


def load(memory: bytes, random: Callable[[int], bytes]) -> CardManager:
    """Undo ``dump``. Raises ``ChipMemoryError``."""
    try:
        return _load_manager(json.loads(memory), random)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChipMemoryError(
            "These octets are no chip memory of this version: use what serialize() gave."
        ) from error


def _load_manager(fields: dict[str, Any], random: Callable[[int], bytes]) -> CardManager:
    if fields["version"] != _VERSION:
        raise ValueError("another version")
    keys = fields["keys"]
    manager = CardManager(
        bytes.fromhex(fields["cplc"]),
        bytes.fromhex(fields["diversification_data"]),
        KeySet(
            int(keys["version"]),
            int(keys["i"]),
            bytes.fromhex(keys["enc"]),
            bytes.fromhex(keys["mac"]),
            bytes.fromhex(keys["dek"]),
            int(keys["sequence"]),
            int(keys["failures"]),
        ),
        random,
        CardState(fields["state"]),
    )
    for each in fields["applications"]:
        applet = _load_applet(each)
        manager.applications[applet.aid] = applet
    return manager


def _dump_applet(applet: Applet) -> dict[str, Any]:
    return {
        "package": applet.PACKAGE.hex(),
        "module": applet.MODULE.hex(),
        "aid": applet.aid.hex(),
        "state": applet.state,
        "locked": applet.locked,
        "groupings": {f"{each:04X}": value.hex() for each, value in applet.groupings.items()},
        "counters": applet.counters,
    }


def _load_applet(fields: dict[str, Any]) -> Applet:
    code = MODULES[bytes.fromhex(fields["package"]), bytes.fromhex(fields["module"])]
    applet = code(bytes.fromhex(fields["aid"]))
    applet.state = ApplicationState(fields["state"])
    applet.locked = bool(fields["locked"])
    applet.groupings = {
        int(each, 16): bytes.fromhex(value) for each, value in fields["groupings"].items()
    }
    applet.counters = {name: int(value) for name, value in fields["counters"].items()}
    return applet
