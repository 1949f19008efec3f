"""EMV Book 2, 5 to 7: what an RSA signature of EMV holds, recovered with public keys.

A signed block is ``6A``, a format octet, data, padding ``BB``, SHA-1 of what came after ``6A`` and
of data that are not in the block, and ``BC``.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha1

from cardwright.terminal.capk import CaPublicKey
from cardwright.terminal.errors import AuthenticationError
from cardwright.terminal.profile import RevokedCertificate

__all__ = [
    "CardCertificate",
    "DynamicData",
    "RsaPublicKey",
    "recover_icc_key",
    "recover_issuer_key",
    "verify_dynamic",
    "verify_static",
]

_ISSUER, _STATIC, _ICC, _DYNAMIC = 0x02, 0x03, 0x04, 0x05
_HASH_LENGTH = 20
_SHA1, _RSA = 0x01, 0x01
_EXPONENTS = {b"\x03": 3, b"\x01\x00\x01": 65537}


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """A public key.

    Attributes:
        modulus: big-endian.
        exponent: 3 or 65537.
    """

    modulus: bytes
    exponent: int

    def apply(self, block: bytes) -> bytes:
        """Return ``block`` to the power of the exponent, as long as the modulus."""
        n = int.from_bytes(self.modulus, "big")
        result = pow(int.from_bytes(block, "big"), self.exponent, n)
        return result.to_bytes(len(self.modulus), "big")


@dataclass(frozen=True, slots=True)
class CardCertificate:
    """A certificate as records hold it: 90, 92, 9F32 of issuers; 9F46, 9F48, 9F47 of cards.

    Attributes:
        certificate: the signature.
        remainder: the digits of the modulus that did not fit; often empty.
        exponent: of the certified key.
    """

    certificate: bytes
    remainder: bytes
    exponent: bytes


@dataclass(frozen=True, slots=True)
class DynamicData:
    """What a card's dynamic signature holds (Book 2, tables 15 and 18).

    Attributes:
        number: the ICC dynamic number (9F4C), 2 to 8 octets.
        rest: what follows it; for CDA the cryptogram information, the cryptogram and the
            transaction data hash.
    """

    number: bytes
    rest: bytes


def recover_issuer_key(
    ca: CaPublicKey,
    signed: CardCertificate,
    pan: str,
    today: dt.date,
    revoked: Collection[RevokedCertificate] = (),
) -> RsaPublicKey:
    """Verify an issuer's certificate and return the key in it (Book 2, 5.3).

    Args:
        ca: the key of the authority.
        signed: 90, 92 and 9F32.
        pan: the account number's digits.
        today: the transaction date.
        revoked: serial numbers that the authority revoked.

    Raises:
        AuthenticationError: a code beginning with ISSUER_CERTIFICATE; see ``OdaResult``.
    """
    part = "ISSUER_CERTIFICATE"
    signer = RsaPublicKey(ca.modulus, ca.exponent)
    body = _recover(signer, signed.certificate, _ISSUER, 15, part)
    _check_hash(body, signed.remainder + signed.exponent, part)
    identifier, expiry, serial = body[2:6].hex().rstrip("f"), body[6:8], body[8:11]
    if not (len(identifier) >= 3 and pan.startswith(identifier)):
        raise _failure(part, "PAN", "the issuer identifier is not the account number's")
    _check_expiry(expiry, today, part)
    if RevokedCertificate(ca.rid, ca.index, serial) in revoked:
        raise _failure(part, "REVOKED", "its authority revoked it")
    return _certified_key(body, 11, signed, part)


def recover_icc_key(
    issuer: RsaPublicKey,
    signed: CardCertificate,
    pan: str,
    today: dt.date,
    static_data: bytes,
) -> RsaPublicKey:
    """Verify a card's certificate and return the key in it (Book 2, 6.4 and 7.1).

    Args:
        issuer: the issuer's key.
        signed: 9F46, 9F48 and 9F47; of a PIN encipherment key 9F2D, 9F2F and 9F2E.
        pan: the account number's digits.
        today: the transaction date.
        static_data: static data to be authenticated; empty for a PIN encipherment key.

    Raises:
        AuthenticationError: a code beginning with ICC_CERTIFICATE; see ``OdaResult``.
    """
    part = "ICC_CERTIFICATE"
    body = _recover(issuer, signed.certificate, _ICC, 21, part)
    _check_hash(body, signed.remainder + signed.exponent + static_data, part)
    if body[2:12].hex().rstrip("f") != pan:
        raise _failure(part, "PAN", "it is another account's")
    _check_expiry(body[12:14], today, part)
    return _certified_key(body, 17, signed, part)


def verify_static(issuer: RsaPublicKey, signature: bytes, static_data: bytes) -> bytes:
    """Verify signed static application data (93; Book 2, 5.4).

    Returns:
        The data authentication code (9F45), 2 octets.

    Raises:
        AuthenticationError: a code beginning with SSAD; see ``OdaResult``.
    """
    body = _recover(issuer, signature, _STATIC, 5, "SSAD")
    _check_hash(body, static_data, "SSAD")
    if body[2] != _SHA1:
        raise _failure("SSAD", "ALGORITHM", "its hash is none that EMV knows")
    return body[3:5]


def verify_dynamic(card: RsaPublicKey, signature: bytes, terminal_data: bytes) -> DynamicData:
    """Verify signed dynamic application data (9F4B; Book 2, 6.5.2 and 6.6.2).

    Args:
        card: the card's key.
        signature: as long as its modulus.
        terminal_data: the DDOL's values for DDA, the unpredictable number for CDA.

    Raises:
        AuthenticationError: a code beginning with SDAD; see ``OdaResult``.
    """
    body = _recover(card, signature, _DYNAMIC, 4, "SDAD")
    _check_hash(body, terminal_data, "SDAD")
    if body[2] != _SHA1:
        raise _failure("SDAD", "ALGORITHM", "its hash is none that EMV knows")
    dynamic = body[4 : 4 + body[3]]
    if not dynamic or not 2 <= dynamic[0] <= 8 or len(dynamic) != body[3]:
        raise _failure("SDAD", "FORMAT", "its dynamic data have no ICC dynamic number")
    if len(dynamic) <= dynamic[0]:
        raise _failure("SDAD", "FORMAT", "its ICC dynamic number is cut")
    return DynamicData(dynamic[1 : 1 + dynamic[0]], dynamic[1 + dynamic[0] :])


def _recover(signer: RsaPublicKey, signature: bytes, form: int, head: int, part: str) -> bytes:
    """Return the recovered block after checking its frame; ``head`` octets precede its digits."""
    size = len(signer.modulus)
    if len(signature) != size or size < head + _HASH_LENGTH + 1:
        raise _failure(part, "LENGTH", "it is not as long as its signer's modulus")
    block = signer.apply(signature)
    if (block[0], block[1], block[-1]) != (0x6A, form, 0xBC):
        raise _failure(part, "FORMAT", "its signer's key does not open it")
    return block


def _check_hash(block: bytes, appended: bytes, part: str) -> None:
    body, digest = block[1 : -_HASH_LENGTH - 1], block[-_HASH_LENGTH - 1 : -1]
    # SHA-1 is what the algorithm indicator 01 means; EMV has no other.
    if sha1(body + appended, usedforsecurity=False).digest() != digest:
        raise _failure(part, "HASH", "what it signs is not what the card shows")


def _check_expiry(mmyy: bytes, today: dt.date, part: str) -> None:
    digits = mmyy.hex()
    if not (digits.isdigit() and 1 <= int(digits[:2]) <= 12):
        raise _failure(part, "FORMAT", "its expiry is no month")
    year, month = 2000 + int(digits[2:]), int(digits[:2])
    if today > dt.date(year, month, calendar.monthrange(year, month)[1]):
        raise _failure(part, "EXPIRED", "its month is over")


def _certified_key(block: bytes, at: int, signed: CardCertificate, part: str) -> RsaPublicKey:
    """Return the key of a certificate whose hash algorithm indicator is at ``at``."""
    hashing, algorithm, size, exponent_size = block[at : at + 4]
    if (hashing, algorithm) != (_SHA1, _RSA):
        raise _failure(part, "ALGORITHM", "its hash or key algorithm is none that EMV knows")
    digits = block[at + 4 : -_HASH_LENGTH - 1] + signed.remainder
    modulus = digits[:size]
    exponent = _EXPONENTS.get(signed.exponent)
    # Padding may follow the modulus, a remainder may not leave any.
    whole = len(modulus) == size and (not signed.remainder or len(digits) == size)
    if (
        exponent is None
        or exponent_size != len(signed.exponent)
        or not whole
        or not _is_modulus(modulus)
    ):
        raise _failure(part, "KEY_LENGTH", "its key's parts are not as long as it says")
    return RsaPublicKey(modulus, exponent)


def _is_modulus(octets: bytes) -> bool:
    """Whether a modulus has 512 to 1984 bits, the first of them set (Book 2, annex B2.1)."""
    return 64 <= len(octets) <= 248 and octets[0] >= 0x80


def _failure(part: str, what: str, why: str) -> AuthenticationError:
    return AuthenticationError(f"{part}_{what}", f"{part} is not good: {why}")
