from __future__ import annotations

from cardwright.secret import SecretBytes
from cardwright.vault.vault import Opened


def test_no_repr_shows_what_was_opened() -> None:
    shown = repr(Opened({"card": SecretBytes(b"portrait")}, frozenset({"changed"})))
    assert "portrait" not in shown
    assert "changed" in shown
