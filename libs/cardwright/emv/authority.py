"""A certification authority for tests and demonstrations: no payment system trusts it.

Its RID is F0 43 57 54 53. An identifier that begins with F is proprietary and unregistered (ISO/IEC
7816-5), so no payment system has it or ever will; the other octets say CWTS, Cardwright's tests. A
terminal takes cards of this authority only after somebody loads its keys on purpose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cardwright.emv.oda.answer import IssuerAnswer
from cardwright.emv.oda.capk import AuthorityKey
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import check_current
from cardwright.emv.oda.issuer import CertifiedIssuer, certify_issuer
from cardwright.emv.oda.request import IssuerRequest
from cardwright.emv.rsa import RsaPrivate, generate_rsa, public_of
from cardwright.iso.tracks import Expiry

__all__ = ["STANDARD_KEYS", "TEST_RID", "Authority", "AuthoritySigner", "generate_signers"]

TEST_RID: Final = bytes.fromhex("F043575453")

STANDARD_KEYS: Final = (
    (0x01, 1152, 3), (0x02, 1152, 65537),
    (0x03, 1408, 3), (0x04, 1408, 65537),
    (0x05, 1984, 3), (0x06, 1984, 65537),
)  # fmt: skip
"""Index, bits and exponent of the keys that a test authority has."""

_LEAST_BITS, _MOST_BITS = 1152, 1984


@dataclass(frozen=True, slots=True)
class AuthoritySigner:
    """One of an authority's private keys.

    Attributes:
        index: its public key index, 0 to 255.
        private: the key, 1152 to 1984 bits.
        expiry: its last month.

    Raises:
        OdaError: KEY_LENGTH.
    """

    index: int
    private: RsaPrivate
    expiry: Expiry

    def __post_init__(self) -> None:
        if not _LEAST_BITS <= 8 * len(self.private.modulus) <= _MOST_BITS:
            raise OdaError("KEY_LENGTH", "An authority's modulus has 1152 to 1984 bits")


class Authority:
    """The authority: its private keys, by handle, under the test RID.

    Raises:
        OdaError: CAPK_INDEX when two keys have the same index; FIELD_VALUE.
    """

    def __init__(self, signers: Iterable[AuthoritySigner]) -> None:
        self._signers: dict[int, AuthoritySigner] = {}
        for signer in signers:
            if signer.index in self._signers:
                raise OdaError("CAPK_INDEX", "Two keys of the authority have the same index")
            self._signers[signer.index] = signer
        self._keys = tuple(
            AuthorityKey(TEST_RID, index, public_of(signer.private), signer.expiry)
            for index, signer in self._signers.items()
        )

    @property
    def keys(self) -> tuple[AuthorityKey, ...]:
        """The public keys, for terminals: ``capk.dump_keys`` writes them."""
        return self._keys

    def issue(
        self, request: IssuerRequest, index: int, serial: int, today: dt.date
    ) -> IssuerAnswer:
        """Certify the key of a request that ``read_request`` verified.

        Args:
            request: what the issuer asks for; its expiry is granted as it is.
            index: which of the authority's keys signs.
            serial: the number of the certificate; the caller never uses one twice.
            today: the day of issue.

        Raises:
            OdaError: CAPK_UNKNOWN; CERTIFICATE_EXPIRED for a month that is over,
                CERTIFICATE_EXPIRY for one after the authority key's last; KEY_LENGTH for a key
                longer than the authority's; FIELD_VALUE.
        """
        signer = self._signers.get(index)
        if signer is None:
            raise OdaError("CAPK_UNKNOWN", "The authority has no key of this index")
        check_current(request.expiry, today)
        issuer = CertifiedIssuer(request.key, request.identifier, request.expiry, serial)
        certificate = certify_issuer(signer.private, signer.expiry, issuer)
        return IssuerAnswer(issuer, request.index, index, certificate)


def generate_signers(
    expiry: Expiry, keys: Iterable[tuple[int, int, int]] = STANDARD_KEYS
) -> tuple[AuthoritySigner, ...]:
    """Make keys for a test authority; all of ``STANDARD_KEYS`` take about half a second.

    Args:
        expiry: their last month.
        keys: index, bits and exponent of each.

    Raises:
        RsaError: RSA_SIZE or RSA_KEY.
        OdaError: KEY_LENGTH.
    """
    return tuple(
        AuthoritySigner(index, generate_rsa(bits, exponent), expiry)
        for index, bits, exponent in keys
    )
