"""EMV Book 3, 10.3 and Book 2, 5 and 6: offline data authentication, SDA, DDA and CDA."""

from __future__ import annotations

from hashlib import sha1

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv
from cardwright.terminal.capk import find_ca_key
from cardwright.terminal.certificates import (
    CardCertificate,
    DynamicData,
    RsaPublicKey,
    recover_icc_key,
    recover_issuer_key,
    verify_dynamic,
    verify_static,
)
from cardwright.terminal.errors import AuthenticationError, TerminatedError
from cardwright.terminal.flags import Aip, Capability, Tsi, Tvr
from cardwright.terminal.reading import account_number
from cardwright.terminal.results import OdaMethod, OdaResult
from cardwright.terminal.session import Session

__all__ = ["authenticate", "card_key", "certified_key", "choose", "verify_signed_cryptogram"]

_FAILED = {
    OdaMethod.SDA: Tvr.SDA_FAILED,
    OdaMethod.DDA: Tvr.DDA_FAILED,
    OdaMethod.CDA: Tvr.CDA_FAILED,
}
_UNPREDICTABLE_NUMBER = 0x9F37
_SIGNATURE = 0x9F4B


def authenticate(session: Session) -> None:
    """Perform SDA or DDA, or get ready for CDA, as terminal and card both can.

    Whatever fails is a bit in the TVR and a code in the result.

    Raises:
        TerminatedError: DDA_REFUSED, the card does not answer INTERNAL AUTHENTICATE.
        CardLinkError: it does not answer at all.
    """
    method = choose(session.aip, session.profile.capabilities)
    if method is OdaMethod.NONE:
        session.tvr |= Tvr.ODA_NOT_PERFORMED
        return
    session.oda = OdaResult(method, "NOT_SIGNED")
    try:
        if method is OdaMethod.SDA:
            _authenticate_statically(session)
        else:
            session.icc_key = card_key(session)
            if method is OdaMethod.DDA:
                _authenticate_dynamically(session, session.icc_key)
    except AuthenticationError as error:
        _fail(session, error)


def choose(aip: Aip, capabilities: Capability) -> OdaMethod:
    """Return the strongest method of both (Book 3, 10.3)."""
    for theirs, ours, method in (
        (Aip.CDA, Capability.CDA, OdaMethod.CDA),
        (Aip.DDA, Capability.DDA, OdaMethod.DDA),
        (Aip.SDA, Capability.SDA, OdaMethod.SDA),
    ):
        if aip & theirs and capabilities & ours:
            return method
    return OdaMethod.NONE


def verify_signed_cryptogram(session: Session, answer: list[Tlv]) -> DynamicData | None:
    """Verify the answer to a GENERATE AC that asked for a signature (Book 2, 6.6.2).

    Args:
        session: has the key, and what was sent by PDOL and CDOLs.
        answer: the objects of template 77, in order.

    Returns:
        What the signature holds, None where it does not hold; then the TVR says so.
    """
    session.tsi |= Tsi.OFFLINE_DATA_AUTHENTICATION
    try:
        dynamic = _verify_cda(session, answer)
    except AuthenticationError as error:
        session.bad_signature = True
        _fail(session, error)
        return None
    _succeed(session)
    session.card[0x9F4C] = dynamic.number
    return dynamic


def certified_key(session: Session, tags: tuple[int, int, int], static_data: bytes) -> RsaPublicKey:
    """Return a key that the issuer certified for the card.

    Args:
        session: has the records.
        tags: of certificate, remainder and exponent.
        static_data: what the certificate covers beside.

    Raises:
        AuthenticationError: see ``OdaResult``.
    """
    today = session.request.at.date()
    certificate = _certificate(session, tags)
    return recover_icc_key(_issuer_key(session), certificate, _pan(session), today, static_data)


def card_key(session: Session) -> RsaPublicKey:
    """Return the card's own key; raises as ``certified_key``."""
    return certified_key(session, (0x9F46, 0x9F48, 0x9F47), _static_data(session))


def _authenticate_statically(session: Session) -> None:
    session.tvr |= Tvr.SDA_SELECTED
    session.tsi |= Tsi.OFFLINE_DATA_AUTHENTICATION
    signature = _needed(session, 0x93)
    code = verify_static(_issuer_key(session), signature, _static_data(session))
    session.terminal[0x9F45] = code
    _succeed(session)


def _authenticate_dynamically(session: Session, key: RsaPublicKey) -> None:
    """DDA with INTERNAL AUTHENTICATE (Book 2, 6.5)."""
    session.tsi |= Tsi.OFFLINE_DATA_AUTHENTICATION
    dol = session.card.get(0x9F49, session.profile.default_ddol)
    try:
        asked = session.fill(dol)
    except TlvError as error:
        raise AuthenticationError("DDOL", "The DDOL (9F49) is no data object list") from error
    if _UNPREDICTABLE_NUMBER not in dict(asked):
        raise AuthenticationError("DDOL", "The DDOL (9F49) asks for no unpredictable number")
    values = b"".join(value for _, value in asked)
    response = session.channel.send(CommandApdu(0x00, 0x88, 0, 0, values, 256))
    if not response.ok:
        raise TerminatedError("DDA_REFUSED", f"INTERNAL AUTHENTICATE ended with {response.sw:04X}")
    dynamic = verify_dynamic(key, _signature(response.data), values)
    session.card[0x9F4C] = dynamic.number
    _succeed(session)


def _signature(data: bytes) -> bytes:
    """Return the signature from an answer in format 1 (80) or 2 (77)."""
    try:
        found = tlv.find(data, 0x80) or tlv.find(data, 0x77, _SIGNATURE)
    except TlvError:
        found = None
    if found is None:
        raise AuthenticationError("SDAD_MISSING", "INTERNAL AUTHENTICATE gave no signature")
    return found


def _verify_cda(session: Session, answer: list[Tlv]) -> DynamicData:
    objects = {each.tag: each.value for each in answer}
    signature = objects.get(_SIGNATURE)
    if signature is None or session.icc_key is None:
        raise AuthenticationError("SDAD_MISSING", "The cryptogram came without a signature")
    unpredictable = session.terminal[_UNPREDICTABLE_NUMBER]
    dynamic = verify_dynamic(session.icc_key, signature, unpredictable)
    if len(dynamic.rest) < 29 or dynamic.rest[:1] != objects.get(0x9F27):
        raise AuthenticationError("SDAD_CID", "The signature is of another kind of cryptogram")
    signed = b"".join(each.encode() for each in answer if each.tag != _SIGNATURE)
    data = session.pdol_data + session.cdol_data + signed
    if sha1(data, usedforsecurity=False).digest() != dynamic.rest[9:29]:
        raise AuthenticationError(
            "SDAD_TRANSACTION_DATA", "The signature is over other transaction data than were sent"
        )
    return dynamic


def _issuer_key(session: Session) -> RsaPublicKey:
    index = _needed(session, 0x8F)
    ca = find_ca_key(session.profile.ca_keys, session.aid[:5], index[0]) if index else None
    if ca is None:
        raise AuthenticationError("CA_KEY_MISSING", "The terminal has no such CA public key")
    today = session.request.at.date()
    if today > ca.expiry:
        raise AuthenticationError("CA_KEY_EXPIRED", "The CA public key is past its expiry")
    certificate = _certificate(session, (0x90, 0x92, 0x9F32))
    return recover_issuer_key(ca, certificate, _pan(session), today, session.profile.revoked)


def _certificate(session: Session, tags: tuple[int, int, int]) -> CardCertificate:
    certificate, remainder, exponent = tags
    return CardCertificate(
        _needed(session, certificate),
        session.card.get(remainder, b""),
        _needed(session, exponent),
    )


def _static_data(session: Session) -> bytes:
    """Return the static data to be authenticated (Book 3, 10.3)."""
    if session.static_data is None:
        raise AuthenticationError("STATIC_DATA", "A record that is named as signed is no template")
    tags = session.card.get(0x9F4A)
    if tags is None:
        return session.static_data
    if tags != b"\x82":
        raise AuthenticationError("SDA_TAG_LIST", "The SDA tag list (9F4A) may name the AIP alone")
    return session.static_data + session.card[0x82]


def _needed(session: Session, tag: int) -> bytes:
    value = session.card.get(tag)
    if value is None:
        raise AuthenticationError("ICC_DATA_MISSING", f"No record holds the object {tag:X}")
    return value


def _pan(session: Session) -> str:
    return account_number(session.card[0x5A]) or ""


def _succeed(session: Session) -> None:
    session.oda = OdaResult(session.oda.method, "OK")


def _fail(session: Session, error: AuthenticationError) -> None:
    session.tsi |= Tsi.OFFLINE_DATA_AUTHENTICATION
    session.tvr |= _FAILED[session.oda.method]
    if error.code == "ICC_DATA_MISSING":
        session.tvr |= Tvr.ICC_DATA_MISSING
    session.oda = OdaResult(session.oda.method, error.code)
    session.findings.append(error.code)
