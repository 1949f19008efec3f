"""Protobuf at the vault's edge: sealed sections in, a PIN and its addressee out."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from cardwright.proto.vault.v1.sections_pb2 import MailerSection, PinSection
from cardwright.secret import SecretBytes, SecretText
from services.pinmailer.domain import Addressee, LetterFault

__all__ = ["read_addressee", "read_pin"]


def read_pin(section: SecretBytes | None) -> SecretText | LetterFault:
    """Decode a PinSection."""
    if section is None:
        return LetterFault("PIN_SECTION_MISSING", "the vault holds no PIN; was it erased?")
    try:
        return SecretText(PinSection.FromString(section.reveal()).pin)
    except DecodeError:
        return LetterFault("PIN_SECTION_MALFORMED", "what the vault holds as a PIN is none")


def read_addressee(section: SecretBytes | None) -> Addressee | LetterFault:
    """Decode a MailerSection."""
    if section is None:
        return LetterFault("MAILER_SECTION_MISSING", "the vault holds no address; was it erased?")
    try:
        message = MailerSection.FromString(section.reveal())
    except DecodeError:
        return LetterFault("MAILER_SECTION_MALFORMED", "what the vault holds is no address")
    return Addressee(
        name=SecretText(message.name),
        lines=tuple(map(SecretText, message.lines)),
        country=message.country,
        issuer=message.issuer,
        last_four=SecretText(message.last_four),
    )
