"""What is needed of a PKCS#11 library, for which keys, and what follows where it is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from cardwright.hsm.port import HsmError
from services.keymanagement.module.keys import Algorithm, Family, Usage
from services.keymanagement.module.pkcs11.objects import permissions

__all__ = ["NEEDS", "Need", "mechanisms_of", "require_capable"]


@dataclass(frozen=True, slots=True)
class Need:
    """One mechanism that is used.

    Attributes:
        mechanism: by its name in PKCS#11.
        used_for: what it is used for.
        consequence: what can't be done without it.
    """

    mechanism: str
    used_for: str
    consequence: str


NEEDS: Final = (
    Need(
        "CKM_DES3_ECB",
        "deriving EMV card keys, CVV, PVV, IBM 3624, PIN blocks of formats 0 to 3",
        "no payment card can be made: no master key, CVK or PIN key of triple DES is served",
    ),
    Need(
        "CKM_DES3_CBC",
        "key blocks under triple DES, chaining of MACs",
        "key blocks of versions A, B and C and SCP02's initial keys are refused",
    ),
    Need("CKM_DES3_CMAC", "key blocks of version B", "key blocks of version B are refused"),
    Need(
        "CKM_AES_ECB",
        "option C of EMV key derivation, PIN blocks of format 4",
        "AES master keys and PIN encryption keys are not served",
    ),
    Need("CKM_AES_CBC", "key blocks of version D", "key blocks of version D are refused"),
    Need(
        "CKM_AES_CMAC",
        "chips' keys by the SP 800-108 KDF, badges' keys by AN10922, key blocks of version D",
        "no chip under SCP03 and no badge can be made",
    ),
    Need(
        "CKM_SHA256_HMAC",
        "digests of account numbers",
        "requests can't be told apart by account: no request is taken",
    ),
    Need(
        "CKM_ECDH1_DERIVE",
        "opening requests and vault sections",
        "no section of the vault and no request can be opened: the line stands",
    ),
    Need("CKM_EDDSA", "signing facts, events and the journal of keys", "no station can sign"),
    Need(
        "CKM_RSA_X_509",
        "EMV certificates",
        "no card with offline data authentication can be made: issuers' keys are not served",
    ),
    Need("CKM_EC_KEY_PAIR_GEN", "making section keys inside", "pairs must be brought in"),
    Need("CKM_EC_EDWARDS_KEY_PAIR_GEN", "making signing keys inside", "pairs must be brought in"),
    Need("CKM_RSA_PKCS_KEY_PAIR_GEN", "making issuers' pairs inside", "pairs must be brought in"),
    Need("CKM_AES_KEY_WRAP", "giving keys out", "no key leaves, in key blocks or components"),
)

_CIPHERS: Final = {Family.TDES: "DES3", Family.AES: "AES"}
_OTHERS: Final = {
    Family.HMAC: "CKM_SHA256_HMAC",
    Family.P256: "CKM_ECDH1_DERIVE",
    Family.ED25519: "CKM_EDDSA",
    Family.RSA: "CKM_RSA_X_509",
}
_PROTECTION: Final = {Usage.KEY_ENCRYPTION, Usage.ZONE_MASTER}


def mechanisms_of(usage: Usage, algorithm: Algorithm) -> frozenset[str]:
    """Return the mechanisms without which a key is of no use."""
    if algorithm.family in _OTHERS:
        return frozenset({_OTHERS[algorithm.family]})
    cipher, allowed = _CIPHERS[algorithm.family], permissions(usage)
    needed = {"ECB"} if "ENCRYPT" in allowed else set()
    needed |= {"CMAC"} if "SIGN" in allowed else set()
    needed |= {"CBC"} if usage in _PROTECTION else set()
    return frozenset(f"CKM_{cipher}_{mode}" for mode in needed)


def require_capable(usage: Usage, algorithm: Algorithm, announced: Collection[str]) -> None:
    """Refuse a key that the library could hold and not use.

    Raises:
        HsmError: BACKEND_INCAPABLE.
    """
    lacking = mechanisms_of(usage, algorithm).difference(announced)
    if lacking:
        raise HsmError(
            "BACKEND_INCAPABLE",
            f"The PKCS#11 library lacks {', '.join(sorted(lacking))}, which a key for "
            f"{usage.value} needs: run the module's probe, or take another library.",
        )
