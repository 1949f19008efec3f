"""What the machine keeps with a job's end, for whoever asks after it later."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["Memo"]


@dataclass(frozen=True, slots=True)
class Memo:
    """What no machine knows by itself; nothing in it is secret.

    Attributes:
        chip: the diversification data with which the chip presented itself, in hexadecimal.
        cplc: its production data (GET DATA 9F7F), in hexadecimal.
        atc: transaction counter of its payment application.
        key_version: its key set.
        detail: what was wrong, in words.
        quarantine: a person must look.
        tracks: the tracks that another device than the machine wrote.
    """

    chip: str = ""
    cplc: str = ""
    atc: int = 0
    key_version: int = 0
    detail: str = ""
    quarantine: bool = False
    tracks: tuple[int, ...] = ()

    def text(self) -> str:
        """Return it as one line; empty if there is nothing to say."""
        kept = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(kept, separators=(",", ":")) if kept else ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``text`` writes; an older machine's empty line is an empty memo."""
        kept: dict[str, Any] = json.loads(text) if text else {}
        return cls(**{**kept, "tracks": tuple(kept.get("tracks", ()))})
