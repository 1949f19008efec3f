"""The card's persistent memory as octets: versioned JSON, values in hexadecimal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.card_manager import CardManager
from cardwright.chip.keys import Key, KeySet, KeyStore, KeyType
from cardwright.chip.life_cycle import CardState
from cardwright.chip.mask import MODULES
from cardwright.chip.profile import Profile

__all__ = ["ChipMemoryError", "dump", "load"]

_VERSION = 2


class ChipMemoryError(ValueError):
    """Octets that are no chip memory, or of another version of this software card."""

    code = "CHIP_MEMORY"


def dump(manager: CardManager) -> bytes:
    """All that outlives a power-down; session and selection do not."""
    return json.dumps(
        {
            "version": _VERSION,
            "profile": asdict(manager.profile),
            "cplc": manager.cplc.hex(),
            "diversification_data": manager.diversification_data.hex(),
            "state": manager.state,
            "objects": _dump_values(manager.objects),
            "keys": [_dump_key_set(each) for each in manager.keys.sets],
            "applications": [_dump_applet(each) for each in manager.registry.applets],
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
    profile = Profile(**fields["profile"])
    manager = CardManager(
        profile,
        bytes.fromhex(fields["cplc"]),
        bytes.fromhex(fields["diversification_data"]),
        KeyStore(profile.key_sets, [_load_key_set(each) for each in fields["keys"]]),
        random,
        CardState(fields["state"]),
        _load_values(fields["objects"]),
    )
    for each in fields["applications"]:
        manager.registry.put(_load_applet(each))
    return manager


def _dump_key_set(keys: KeySet) -> dict[str, Any]:
    return {
        "version": keys.version,
        "keys": {str(name): [key.kind, key.value.hex()] for name, key in keys.keys.items()},
        "sequence": keys.sequence,
        "failures": keys.failures,
    }


def _load_key_set(fields: dict[str, Any]) -> KeySet:
    keys = {
        int(name): Key(KeyType(kind), bytes.fromhex(value))
        for name, (kind, value) in fields["keys"].items()
    }
    sequence, failures = int(fields["sequence"]), int(fields["failures"])
    return KeySet(int(fields["version"]), keys, sequence, failures)


def _dump_applet(applet: Applet) -> dict[str, Any]:
    return {
        "package": applet.PACKAGE.hex(),
        "module": applet.MODULE.hex(),
        "aid": applet.aid.hex(),
        "state": applet.state,
        "locked": applet.locked,
        "groupings": _dump_values(applet.groupings),
        "counters": applet.counters,
    }


def _load_applet(fields: dict[str, Any]) -> Applet:
    code = MODULES[bytes.fromhex(fields["package"]), bytes.fromhex(fields["module"])]
    applet = code(bytes.fromhex(fields["aid"]))
    applet.state = ApplicationState(fields["state"])
    applet.locked = bool(fields["locked"])
    applet.groupings = _load_values(fields["groupings"])
    applet.counters = {name: int(value) for name, value in fields["counters"].items()}
    return applet


def _dump_values(values: dict[int, bytes]) -> dict[str, str]:
    return {f"{each:04X}": value.hex() for each, value in values.items()}


def _load_values(fields: dict[str, str]) -> dict[int, bytes]:
    return {int(each, 16): bytes.fromhex(value) for each, value in fields.items()}
