"""Why a message can be neither a card nor a refusal."""

from __future__ import annotations

__all__ = ["UndeliverableError"]


class UndeliverableError(Exception):
    """The message goes to dead-letters: nobody can be told about it by request id.

    Attributes:
        code: REQUEST_GARBAGE, REQUEST_ID_IS_PAN, ISSUER_UNKNOWN, ENVELOPE_TRUNCATED,
            ENVELOPE_MALFORMED, ENVELOPE_KEY_UNKNOWN or ENVELOPE_SIGNATURE.
        detail: the reason, without any of the message's content.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
