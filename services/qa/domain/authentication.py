"""Whether terminals can trust a card's data, found out without asking the chip anything.

Certificates and static signature are in the records (EMV Book 2, 5 and 6). They are recovered as a
terminal does it, and as it will still have to do it in the card's last month. What the chip itself
signs (DDA, CDA) is asked of test cards alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.terminal import CaPublicKey
from cardwright.terminal.capk import find_ca_key
from cardwright.terminal.certificates import (
    CardCertificate,
    recover_icc_key,
    recover_issuer_key,
    verify_static,
)
from cardwright.terminal.errors import AuthenticationError
from cardwright.terminal.reading import account_number, parse_date
from services.qa.domain.reading import Reading

__all__ = ["certificate_defects"]

_ISSUER, _ICC, _PIN = (0x90, 0x92, 0x9F32), (0x9F46, 0x9F48, 0x9F47), (0x9F2D, 0x9F2F, 0x9F2E)
_CA_INDEX, _STATIC_SIGNATURE, _TAG_LIST = 0x8F, 0x93, 0x9F4A
_LAST_TEMPLATE_FILE = 10
_TEMPLATE = 0x70


def certificate_defects(reading: Reading, ca_keys: Collection[CaPublicKey]) -> Iterator[str]:
    """Yield why a terminal could not authenticate an application's data, if it must be able to.

    The codes are DEFECT_ and a terminal's own (see ``cardwright.terminal.OdaResult``).
    """
    if not reading.application.authentication:
        return
    try:
        _authenticate(reading, ca_keys)
    except AuthenticationError as error:
        yield f"DEFECT_{error.code}"


def _authenticate(reading: Reading, ca_keys: Collection[CaPublicKey]) -> None:
    objects = reading.objects
    pan = account_number(_needed(objects, 0x5A)) or ""
    last_day = parse_date(_needed(objects, 0x5F24))
    if last_day is None:
        raise AuthenticationError("ICC_DATA_MISSING", "The card's expiry is no date")
    index = _needed(objects, _CA_INDEX)
    authority = find_ca_key(ca_keys, reading.application.aid[:5], index[0]) if index else None
    if authority is None:
        raise AuthenticationError("CA_KEY_MISSING", "No CA public key has this RID and index")
    if last_day > authority.expiry:
        raise AuthenticationError("CA_KEY_EXPIRED", "The CA public key ends before the card")
    issuer = recover_issuer_key(authority, _certificate(objects, _ISSUER), pan, last_day)
    static = _static_data(reading)
    if reading.application.authentication == "SDA":
        verify_static(issuer, _needed(objects, _STATIC_SIGNATURE), static)
        return
    recover_icc_key(issuer, _certificate(objects, _ICC), pan, last_day, static)
    if _PIN[0] in objects:
        recover_icc_key(issuer, _certificate(objects, _PIN), pan, last_day, b"")


def _certificate(objects: Mapping[int, bytes], tags: tuple[int, int, int]) -> CardCertificate:
    certificate, remainder, exponent = tags
    return CardCertificate(
        _needed(objects, certificate), objects.get(remainder, b""), _needed(objects, exponent)
    )


def _static_data(reading: Reading) -> bytes:
    """Return the static data to be authenticated (EMV Book 3, 10.3)."""
    signed = b"".join(
        _signed(sfi, reading.records.get((sfi, number), b""))
        for (sfi, number), counts in reading.application.located
        if counts
    )
    tags = reading.objects.get(_TAG_LIST)
    if tags not in {None, b"\x82"}:
        raise AuthenticationError("SDA_TAG_LIST", "The SDA tag list (9F4A) may name the AIP alone")
    return signed if tags is None else signed + reading.application.aip


def _signed(sfi: int, record: bytes) -> bytes:
    if sfi > _LAST_TEMPLATE_FILE:
        return record
    try:
        return tlv.find(record, _TEMPLATE) or b""
    except TlvError:
        raise AuthenticationError("STATIC_DATA", "A signed record is no template") from None


def _needed(objects: Mapping[int, bytes], tag: int) -> bytes:
    if tag not in objects:
        raise AuthenticationError("ICC_DATA_MISSING", f"No record holds the object {tag:X}")
    return objects[tag]
