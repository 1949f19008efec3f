"""What a card's keys are made of, as section "keys" holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from cardwright.emv.application import OfflineAuthentication, RecordTemplate
from cardwright.emv.profile_parts import Method
from cardwright.hsm.port import HsmError
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretBytes, SecretText

__all__ = ["ApplicationRecipe", "CardRecipe", "Certification", "parse"]

_EXPONENT = 3


@dataclass(frozen=True, slots=True)
class Certification:
    """What certificates and signatures of one interface are made of.

    Attributes:
        issuer_key: the issuer's RSA key, by label.
        wanted: what they cover, and the records that they go into.
    """

    issuer_key: str
    wanted: OfflineAuthentication


@dataclass(frozen=True, slots=True)
class ApplicationRecipe:
    """One application's share; fields as in vault/v1."""

    instance_aid: bytes
    masters: Mapping[str, str]
    derivation: str
    offline_pin: bool
    pin_tries: int
    badge_diversifier: bytes = field(repr=False)
    certifications: tuple[Certification, ...]


@dataclass(frozen=True, slots=True)
class CardRecipe:
    """A card's whole recipe.

    Attributes:
        number: the account number's digits, or another diversifier.
        sequence_number: two digits.
        environment: "test" or "live"; empty where it is not told.
        expiry: the card's last month, YYMM; empty for a card without.
        sealed_pin: SealedBlob of a PinSection, or nothing.
        applications: what each needs.
    """

    number: SecretText
    sequence_number: str
    environment: str
    expiry: str
    sealed_pin: bytes = field(repr=False)
    applications: tuple[ApplicationRecipe, ...]


def parse(section: SecretBytes) -> CardRecipe:
    """Decode a KeysSection.

    Raises:
        HsmError: SECTION_MALFORMED.
    """
    try:
        message = pb.KeysSection.FromString(section.reveal())
        applications = tuple(map(_application, message.applications))
    except (DecodeError, ValueError):
        raise _malformed() from None
    if not (message.diversifier + message.sequence_number).isascii():
        raise _malformed()
    return CardRecipe(
        SecretText(message.diversifier),
        message.sequence_number,
        message.environment,
        message.expiry,
        message.sealed_pin,
        applications,
    )


def _application(said: pb.ApplicationRecipe) -> ApplicationRecipe:
    interfaces = [("authentication", said.authentication)]
    interfaces.append(("contactless_authentication", said.contactless_authentication))
    return ApplicationRecipe(
        said.instance_aid,
        dict(said.masters),
        said.derivation,
        said.offline_pin,
        said.pin_tries,
        said.badge_diversifier,
        tuple(_certification(each) for name, each in interfaces if said.HasField(name)),
    )


def _certification(said: pb.OfflineAuthentication) -> Certification:
    """Read one; ValueError for a method that there is not."""
    wanted = OfflineAuthentication(
        Method(said.method),
        SecretBytes(said.static_data),
        tuple(map(_template, said.records)),
        said.icc_bits,
        said.pin_bits,
        said.icc_exponent or _EXPONENT,
    )
    return Certification(said.issuer_key, wanted)


def _template(said: pb.RecordTemplate) -> RecordTemplate:
    objects = tuple(
        (each.tag, each.value if each.HasField("value") else None) for each in said.objects
    )
    return RecordTemplate(said.sfi, said.number, objects, 0)


def _malformed() -> HsmError:
    return HsmError("SECTION_MALFORMED", "The opened section is no KeysSection.")
