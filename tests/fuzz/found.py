"""Inputs that once broke something, as regressions: target, octets, what it was."""

from __future__ import annotations

from typing import Final

__all__ = ["FOUND"]

FOUND: Final[tuple[tuple[str, str, str], ...]] = ()
