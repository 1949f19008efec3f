"""Contradictions of offline data authentication: what is promised, which keys, what is signed."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.emv.dictionary import element
from cardwright.emv.lint_finding import Finding, error, warning
from cardwright.emv.plan_slots import authenticates
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP
from cardwright.emv.profile_parts import Authentication, Method

__all__ = ["lint_authentication"]

_RESERVED_ON_CONTACT = (
    "on_device_cardholder_verification",
    "emv_mode",
    "mobile_phone",
    "contactless_transaction",
    "relay_resistance",
)
_CHANGING = frozenset({0x9F10, 0x9F13, 0x9F17, 0x9F26, 0x9F27, 0x9F36, 0x9F4B, 0x9F4C})
_CERTIFICATES = frozenset({0x90, 0x92, 0x93, 0x9F2D, 0x9F2F, 0x9F46, 0x9F48})
_DECIDING = (0x5A, 0x5F24, 0x5F28, 0x8E, 0x9F07, 0x9F0D, 0x9F0E, 0x9F0F)
_RECORD_CERTIFICATE_MAX = 247  # octets, with tags and lengths in a record (Book 2, D1.1)
_CDA_OTHERS, _DDA_MAX, _ANSWER_MAX = 16, 249, 256  # Book 2, D1.2
_ISSUER_DATA_MAX = 35  # tag 9F10 at its longest


def lint_authentication(profile: Profile) -> Iterator[Finding]:
    """Check the AIP against the keys, the keys against each other, and what is signed."""
    for interface in profile.interfaces:
        yield from _promises(profile, interface)
    if profile.authentication is not None:
        yield from _methods(profile, profile.authentication)
        yield from _moduli(profile, profile.authentication)
        yield from _signed(profile, profile.authentication)


def _promises(profile: Profile, interface: Interface) -> Iterator[Finding]:
    where, aip = f"{interface.value}.aip", profile.settings(interface).aip
    keys = profile.authentication
    if any(AIP.unnamed(aip)) or (
        interface is Interface.CONTACT and AIP.has(aip, *_RESERVED_ON_CONTACT)
    ):
        yield error("AIP_RESERVED", where, "Sets a bit that Book 3 table 41 reserves")
    if AIP.has(aip, "xda"):
        yield error("AIP_UNSUPPORTED", where, "Promises XDA, which needs elliptic curve keys")
    if keys is None and AIP.has(aip, "sda", "dda", "cda"):
        yield error(
            "AIP_WITHOUT_KEYS",
            where,
            "Promises offline data authentication, and `authentication` names no keys for it",
        )
    elif keys is not None and AIP.has(aip, "dda", "cda") and not _has_icc_key(keys):
        yield error(
            "AIP_WITHOUT_ICC_KEY", where, "Promises DDA or CDA, and the card has no key of its own"
        )
    elif keys is not None and keys.method is Method.DDA and AIP.has(aip, "cda"):
        yield error("AIP_EXCEEDS_METHOD", where, "Promises CDA, and `authentication` says DDA")


def _has_icc_key(keys: Authentication) -> bool:
    return keys.method is not Method.SDA and keys.icc_bits is not None


def _methods(profile: Profile, keys: Authentication) -> Iterator[Finding]:
    aips = [profile.settings(interface).aip for interface in profile.interfaces]
    if not any(AIP.has(aip, keys.method.value.lower()) for aip in aips):
        yield error(
            "METHOD_NOT_IN_AIP",
            "authentication.method",
            f"{keys.method.value} has keys, and no interface's AIP promises it",
        )
    settings = [profile.settings(interface) for interface in profile.interfaces]
    if not authenticates(settings[0]) and authenticates(settings[-1]):
        yield error(
            "CONTACTLESS_STRONGER",
            "contactless.aip",
            "Promises offline data authentication that contact does not; promise it there too",
        )
    if keys.method is Method.SDA:
        yield warning(
            "SDA_COPIES",
            "authentication.method",
            "A static signature can be copied to another chip; use CDA",
        )
    if AIP.has(aips[0], "dda") and keys.ddol.entries and 0x9F37 not in keys.ddol.tags:
        yield error(
            "DDOL_LACKS",
            "authentication.ddol",
            "DDA fails without the unpredictable number, 9F37 (Book 2, 6.5.1)",
        )


def _moduli(profile: Profile, keys: Authentication) -> Iterator[Finding]:
    where = "authentication"
    own = [bits for bits in (keys.icc_bits, keys.pin_bits) if bits is not None]
    if keys.issuer_bits > keys.ca_bits or any(bits > keys.issuer_bits for bits in own):
        yield error(
            "MODULUS_ORDER",
            where,
            "The card's modulus must not exceed the issuer's, nor that the authority's "
            "(Book 2, 6.1)",
        )
    if own and keys.issuer_bits > 8 * _RECORD_CERTIFICATE_MAX:
        yield error(
            "MODULUS_LENGTH",
            f"{where}.issuer_bits",
            f"A card's certificate beyond {8 * _RECORD_CERTIFICATE_MAX} bits exceeds a record "
            "(Book 2, D1.1)",
        )
    most = _icc_octets_max(profile, keys)
    if keys.icc_bits is not None and keys.icc_bits > 8 * most:
        yield error(
            "MODULUS_LENGTH",
            f"{where}.icc_bits",
            f"A signature beyond {8 * most} bits exceeds the card's answer (Book 2, D1.2)",
        )


def _icc_octets_max(profile: Profile, keys: Authentication) -> int:
    if keys.method is not Method.CDA:
        return _DDA_MAX
    data = profile.cryptogram
    others = 3 + len(data.issuer_application_data()) if data else _ISSUER_DATA_MAX
    return _ANSWER_MAX - _CDA_OTHERS - others


def _signed(profile: Profile, keys: Authentication) -> Iterator[Finding]:
    for tag in profile.signed:
        name = f"{tag:X}, {element(tag).name}"
        if tag in _CHANGING:
            yield error(
                "SIGNED_CHANGING", "signed", f"{name} changes: a signature over it would not hold"
            )
        elif tag in _CERTIFICATES:
            yield error(
                "SIGNED_CERTIFICATE", "signed", f"{name} is itself made from what is signed"
            )
        elif not element(tag).in_record:
            yield error(
                "SIGNED_NOT_IN_RECORD",
                "signed",
                f"{name} is in no record, and only those are signed",
            )
    lacking = [f"{tag:X}" for tag in _DECIDING if tag not in profile.signed]
    if lacking:
        yield warning(
            "SIGNED_LACKS",
            "signed",
            f"A terminal decides by {', '.join(lacking)}, which anyone may change unnoticed",
        )
    if not keys.sign_aip:
        yield warning(
            "AIP_UNSIGNED",
            "authentication.sign_aip",
            "Whoever changes the AIP on its way can take authentication out of it",
        )
