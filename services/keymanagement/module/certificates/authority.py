"""The built-in TEST authority: its keys in the module, its public keys exported for terminals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cardwright.emv.authority import STANDARD_KEYS, TEST_RID, Authority, AuthoritySigner
from cardwright.emv.oda.answer import IssuerAnswer, check_answer, write_answer
from cardwright.emv.oda.request import RequestFiles, read_request, write_request
from cardwright.hsm.port import HsmError
from cardwright.iso.tracks import Expiry
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.certificates.store import CertificateStore, today
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage

__all__ = [
    "AUTHORITY_LABELS",
    "ISSUER_KEY",
    "IssuerKeyRequest",
    "issue",
    "open_authority",
    "request",
    "set_up",
]

ISSUER_KEY: Final = "ISSUER-RSA"
"""The end of the label of an issuer's RSA key, behind the issuer's name."""

AUTHORITY_LABELS: Final[Mapping[str, Algorithm]] = {
    f"authority/{index:02X}": Algorithm(Family.RSA, bits, exponent)
    for index, bits, exponent in STANDARD_KEYS
}
"""The authority's keys: indexes 01 to 06, 1152, 1408 and 1984 bits, exponents 3 and 65537."""

_USUAL_AUTHORITY: Final = 0x05  # 1984 bits, exponent 3
_AUTHORITY_YEARS, _ISSUER_YEARS = 12, 10
_SERIALS: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class IssuerKeyRequest:
    """What is asked for a key: see ``emv.oda.request.IssuerRequest``."""

    identifier: str
    index: int
    expiry: Expiry
    tracking: int = 1


def request(backend: Backend, key: Key, wanted: IssuerKeyRequest) -> RequestFiles:
    """Make the two files that ask an authority to certify an issuer's key.

    Raises:
        HsmError: KEY_USAGE.
        OdaError: FIELD_VALUE.
    """
    if key.usage is not Usage.ISSUER_RSA:
        raise HsmError("KEY_USAGE", f"{key.key_id} is no issuer's key: it is not certified so.")
    return write_request(
        backend.rsa(key), wanted.identifier, wanted.index, wanted.expiry, wanted.tracking
    )


def open_authority(backend: Backend, keys: Iterable[Key], store: CertificateStore) -> Authority:
    """Open the authority's keys; how long each lasts, the exported list says.

    Raises:
        HsmError: KEY_UNKNOWN, this module has no authority.
    """
    lasting = {key.index: key.expiry for key in store.authorities() if key.rid == TEST_RID}
    signers = [
        AuthoritySigner(index, backend.rsa(key), lasting.get(index, _end(_AUTHORITY_YEARS)))
        for key in keys
        if key.usage is Usage.CA_RSA
        for index in [int(key.label.rpartition("/")[2], 16)]
    ]
    if not signers:
        raise HsmError("KEY_UNKNOWN", "There is no test authority here: set-up makes one.")
    return Authority(signers)


def issue(
    authority: Authority, files: RequestFiles, store: CertificateStore, index: int
) -> IssuerAnswer:
    """Certify an issuer's key.

    Raises:
        OdaError: what is wrong with the request, or can't be certified.
    """
    asked = read_request(files)
    answer = authority.issue(asked, index, (store.last_serial() + 1) % _SERIALS, today())
    check_answer(answer, asked)
    return answer


def set_up(store: CertificateStore, backend: Backend, issuers: Mapping[Key, str]) -> None:
    """Export the authority's public keys, and have it certify issuers' keys.

    Args:
        store: where certificates go.
        backend: holds the authority's keys and the issuers'.
        issuers: their keys, each with the first digits of its account numbers.
    """
    authority = open_authority(backend, backend.keys(), store)
    store.trust(authority.keys)
    for key, identifier in issuers.items():
        wanted = IssuerKeyRequest(identifier, key.version, _end(_ISSUER_YEARS))
        answer = issue(authority, request(backend, key, wanted), store, _USUAL_AUTHORITY)
        store.install(key.key_id, TEST_RID, write_answer(answer), _USUAL_AUTHORITY)


def _end(years: int) -> Expiry:
    return Expiry(today().year + years, 12)
