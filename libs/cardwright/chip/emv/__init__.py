"""The software card's payment application; it shares no code with the host's cardwright.emv."""

from cardwright.chip.emv.applet import EmvApplet

__all__ = ["EmvApplet"]
