"""Reading a request's header fields; each refusal is BAD_FIELD with the field's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cardwright.devices.errors import DeviceError

__all__ = ["choice", "flag", "is_text", "name", "seconds", "text", "whole"]

Header = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def text(header: Header, name: str, most: int = 200) -> str:
    """A required string of 1 to ``most`` printable characters."""
    value = header.get(name)
    if not is_text(value, most):
        raise DeviceError("BAD_FIELD", f"{name} must be 1-{most} printable characters")
    return str(value)


def is_text(value: Any, most: int = 200) -> bool:
    """Whether a value is such a string; lone surrogates, which JSON lets through, are not."""
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def name(value: Any) -> str:
    """A job's id or a serial number, which name files and rows; BAD_NAME for what can't be one."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise DeviceError("BAD_NAME", "an id or serial is 1-128 letters, digits, '_' or '-'")
    return value


def choice(header: Header, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    """A string that is one of ``allowed``; an absent field is the default, if there is one."""
    value = header.get(name, default)
    if value not in allowed:
        raise DeviceError("BAD_FIELD", f"{name} must be one of {', '.join(allowed)}")
    return str(value)


def whole(header: Header, name: str, low: int, high: int, default: int | None = None) -> int:
    """An integer from ``low`` to ``high``; an absent field is the default, if there is one."""
    value = header.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise DeviceError("BAD_FIELD", f"{name} must be an integer from {low} to {high}")
    return value


def flag(header: Header, name: str) -> bool:
    """A boolean; absent is False."""
    value = header.get(name, False)
    if type(value) is not bool:
        raise DeviceError("BAD_FIELD", f"{name} must be true or false")
    return value


def seconds(header: Header, name: str, high: float) -> float:
    """A time from 0 to ``high`` seconds; absent is 0."""
    value = header.get(name, 0)
    if type(value) not in {int, float} or not 0 <= value <= high:
        raise DeviceError("BAD_FIELD", f"{name} must be 0 to {high} seconds")
    return float(value)
