"""How a key lies in a token: which objects, under which names, allowed to do what.

A key's objects have its id as CKA_LABEL; CKA_ID says purpose, algorithm and check value, and which
part it is. PKCS#11 can't take a part of a key, and the card standards do: single DES under the left
half (CVV, retail MAC, SCP02), and the two variants of a key-block protection key (X9.143 versions A
and C). Such parts are objects of their own, made and destroyed with the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cardwright.emv.rsa import ClearRsa
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.values import rsa_private

__all__ = [
    "ED25519_PARAMETERS",
    "EXPONENT_OCTETS",
    "LEFT",
    "P256_PARAMETERS",
    "WHOLE",
    "ident",
    "parse",
    "parts_of",
    "permissions",
    "private_template",
    "public_template",
    "secret_of",
    "variant_part",
]

WHOLE: Final = ""
LEFT: Final = "left"
_PROTECTION: Final = {Usage.KEY_ENCRYPTION, Usage.ZONE_MASTER}
_VARIANTS: Final = (0x45, 0x4D)  # X9.143, 7.4: encipherment and authentication
P256_PARAMETERS: Final = bytes.fromhex("06082A8648CE3D030107")  # OID 1.2.840.10045.3.1.7
ED25519_PARAMETERS: Final = bytes.fromhex("06032B6570")  # OID 1.3.101.112, RFC 8410
_OCTET_STRING: Final = 0x04
EXPONENT_OCTETS: Final = {3: b"\x03", 65537: b"\x01\x00\x01"}

_PERMISSIONS: Final[Mapping[Usage, tuple[str, ...]]] = {
    Usage.SIGN: ("SIGN",),
    Usage.REQUEST: ("DERIVE",),
    Usage.SECTION: ("DERIVE",),
    Usage.DIGEST: ("SIGN",),
    Usage.CVK: ("ENCRYPT",),
    Usage.IMK_AC: ("ENCRYPT",),
    Usage.IMK_SMI: ("ENCRYPT",),
    Usage.IMK_SMC: ("ENCRYPT",),
    Usage.IMK_DAC: ("ENCRYPT",),
    Usage.IMK_IDN: ("ENCRYPT",),
    Usage.IMK_CVC3: ("ENCRYPT",),
    Usage.BADGE_MASTER: ("SIGN",),
    Usage.CHIP_MASTER: ("ENCRYPT", "SIGN"),
    Usage.PVK: ("ENCRYPT",),
    Usage.IBM_PIN: ("ENCRYPT",),
    Usage.PIN_ENCRYPTION: ("ENCRYPT", "DECRYPT"),
    Usage.ZONE_MASTER: ("ENCRYPT", "DECRYPT", "SIGN"),
    Usage.KEY_ENCRYPTION: ("ENCRYPT", "DECRYPT", "SIGN"),
    Usage.ISSUER_RSA: ("SIGN",),
    Usage.CA_RSA: ("SIGN",),
}
"""What a key of each purpose does: ENCRYPT derives and verifies, SIGN is a MAC or a signature."""


def permissions(usage: Usage) -> tuple[str, ...]:
    """Return what a key may do: as its purpose needs, and no more."""
    return _PERMISSIONS[usage]


def ident(key: Key, part: str = WHOLE) -> bytes:
    """Return an object's CKA_ID."""
    words = (key.usage.value, str(key.algorithm), key.kcv.hex().upper(), part)
    return " ".join(words).rstrip().encode()


def parse(label: str, octets: bytes) -> Key | None:
    """Read a key from its label and CKA_ID; None for a part, and for what is not ours."""
    try:
        usage, algorithm, kcv = octets.decode("ascii").split(" ")
        name, version = label.rsplit("#", 1)
        return Key(name, int(version), Usage(usage), Algorithm.parse(algorithm), bytes.fromhex(kcv))
    except ValueError:
        return None


def variant_part(mask: int) -> str:
    """Name the variant of a protection key by what is added to each of its octets."""
    return f"variant-{mask:02X}"


def parts_of(key: Key, value: SecretBytes) -> dict[str, SecretBytes]:
    """Return what of a value must be an object of its own, the whole among it."""
    parts = {WHOLE: value}
    if key.algorithm.family is not Family.TDES:
        return parts
    clear = value.reveal()
    parts[LEFT] = SecretBytes(clear[:8] * 3)  # single DES is triple DES with three equal keys
    if key.usage in _PROTECTION:
        for mask in _VARIANTS:
            parts[variant_part(mask)] = SecretBytes(bytes(octet ^ mask for octet in clear))
    return parts


def private_template(
    p11: Any, key: Key, part: str, *, extractable: bool, lasting: bool = True
) -> list[tuple[int, Any]]:
    """Return the attributes, without a value, of a secret or private key object."""
    allowed = permissions(key.usage)
    pair = key.algorithm.family in {Family.P256, Family.ED25519, Family.RSA}
    flags = {
        "TOKEN": lasting,
        "PRIVATE": True,
        "SENSITIVE": True,
        "MODIFIABLE": False,
        "EXTRACTABLE": extractable,
        **{name: name in allowed for name in ("ENCRYPT", "DECRYPT", "SIGN", "DERIVE")},
        **({} if pair else {"VERIFY": False}),
        "WRAP": False,
        "UNWRAP": False,
    }
    if pair:  # CKA_ENCRYPT and CKA_WRAP are attributes of public keys
        del flags["ENCRYPT"], flags["WRAP"]
    return [
        (p11.CKA_CLASS, p11.CKO_PRIVATE_KEY if pair else p11.CKO_SECRET_KEY),
        (p11.CKA_KEY_TYPE, _key_type(p11, key.algorithm, part)),
        (p11.CKA_LABEL, key.key_id),
        (p11.CKA_ID, ident(key, part)),
        *((getattr(p11, f"CKA_{name}"), _boolean(p11, on)) for name, on in flags.items()),
    ]


def secret_of(p11: Any, key: Key, value: SecretBytes) -> list[tuple[int, Any]]:
    """Return the attributes that are a key's value."""
    match key.algorithm.family:
        case Family.P256:
            return [(p11.CKA_EC_PARAMS, P256_PARAMETERS), (p11.CKA_VALUE, value.reveal())]
        case Family.ED25519:
            return [(p11.CKA_EC_PARAMS, ED25519_PARAMETERS), (p11.CKA_VALUE, value.reveal())]
        case Family.RSA:
            return _rsa_parts(p11, rsa_private(key.algorithm, value))
        case Family.TDES | Family.AES | Family.HMAC:
            return [(p11.CKA_VALUE, value.reveal())]


def public_template(p11: Any, key: Key, public: bytes) -> list[tuple[int, Any]]:
    """Return the attributes of a pair's public half, which any session may read."""
    template = [
        (p11.CKA_CLASS, p11.CKO_PUBLIC_KEY),
        (p11.CKA_KEY_TYPE, _key_type(p11, key.algorithm, WHOLE)),
        (p11.CKA_LABEL, key.key_id),
        (p11.CKA_ID, ident(key)),
        (p11.CKA_TOKEN, p11.CK_TRUE),
        (p11.CKA_PRIVATE, p11.CK_FALSE),
    ]
    match key.algorithm.family:
        case Family.RSA:
            exponent = EXPONENT_OCTETS[key.algorithm.exponent]
            return [*template, (p11.CKA_MODULUS, public), (p11.CKA_PUBLIC_EXPONENT, exponent)]
        case Family.P256:
            parameters = P256_PARAMETERS
        case _:
            parameters = ED25519_PARAMETERS
    wrapped = bytes((_OCTET_STRING, len(public))) + public
    return [*template, (p11.CKA_EC_PARAMS, parameters), (p11.CKA_EC_POINT, wrapped)]


def _key_type(p11: Any, algorithm: Algorithm, part: str) -> int:
    match algorithm.family:
        case Family.TDES:
            double = algorithm.bits == 112 and part != LEFT
            return int(p11.CKK_DES2 if double else p11.CKK_DES3)
        case Family.AES:
            return int(p11.CKK_AES)
        case Family.HMAC:
            return int(p11.CKK_GENERIC_SECRET)
        case Family.P256:
            return int(p11.CKK_EC)
        case Family.ED25519:
            return int(p11.CKK_EC_EDWARDS)
        case Family.RSA:
            return int(p11.CKK_RSA)


def _rsa_parts(p11: Any, key: ClearRsa) -> list[tuple[int, Any]]:
    parts = key.parts
    p, q = (int.from_bytes(prime.reveal()) for prime in (parts.p, parts.q))
    private = pow(key.exponent, -1, (p - 1) * (q - 1))
    return [
        (p11.CKA_MODULUS, key.modulus),
        (p11.CKA_PUBLIC_EXPONENT, EXPONENT_OCTETS[key.exponent]),
        (p11.CKA_PRIVATE_EXPONENT, private.to_bytes((private.bit_length() + 7) // 8)),
        (p11.CKA_PRIME_1, parts.p.reveal()),
        (p11.CKA_PRIME_2, parts.q.reveal()),
        (p11.CKA_EXPONENT_1, parts.dp.reveal()),
        (p11.CKA_EXPONENT_2, parts.dq.reveal()),
        (p11.CKA_COEFFICIENT, parts.qinv.reveal()),
    ]


def _boolean(p11: Any, on: bool) -> Any:
    return p11.CK_TRUE if on else p11.CK_FALSE
