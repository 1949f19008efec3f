"""The errors of offline data authentication."""

from __future__ import annotations

from cardwright.emv.errors import EmvError

__all__ = ["OdaError"]


class OdaError(EmvError):
    """A certificate, signature, request or key list that offline data authentication refuses.

    Attributes:
        code: SIGNATURE_LENGTH, SIGNATURE_FORMAT, SIGNATURE_HASH, CERTIFICATE_FORMAT,
            CERTIFICATE_EXPIRY, CERTIFICATE_EXPIRED, ISSUER_MISMATCH, PAN_MISMATCH, KEY_MISMATCH,
            KEY_LENGTH, FIELD_VALUE, STATIC_DATA, REQUEST_FORMAT, REQUEST_MISMATCH, ANSWER_FORMAT,
            ANSWER_MISMATCH, CAPK_FORMAT, CAPK_CHECK_SUM, CAPK_INDEX or CAPK_UNKNOWN.
    """
