"""What the mask holds: the code that a card of this kind is made with."""

from __future__ import annotations

from cardwright.chip.applet import Applet
from cardwright.chip.badge_applet import BadgeApplet
from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv import EmvApplet

__all__ = ["MODULES"]

_APPLETS: tuple[type[Applet], ...] = (EmvApplet, BadgeApplet, DirectoryApplet)

MODULES: dict[tuple[bytes, bytes], type[Applet]] = {
    (applet.PACKAGE, applet.MODULE): applet for applet in _APPLETS
}
"""(Package AID, module AID) to the code."""
