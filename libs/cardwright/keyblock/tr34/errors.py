"""The errors of TR-34 key transport."""

from __future__ import annotations

__all__ = ["Tr34Error"]


class Tr34Error(ValueError):
    """A message, a certificate or a key that TR-34 refuses.

    Attributes:
        code: TR34_FORMAT (not of the message's structure), TR34_CERTIFICATE (no RSA key to be
            read), TR34_FORGED (not signed by this host for this device's random number),
            TR34_ENVELOPE (signed, and not for this device or not as TR-34 has it) or TR34_KEY (a
            key that TR-34 doesn't transport).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
