"""What a product puts onto a chip: one application, several by their profiles, or a badge."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from cardwright.emv.profile import Profile
from cardwright.emv.profile_cvm import CvmList
from cardwright.emv.profile_dol import Dol
from cardwright.emv.profile_types import Octets, Strict
from cardwright.iso import tlv

__all__ = [
    "PROTECTED_FILE",
    "Application",
    "ApplicationsChip",
    "BadgeChip",
    "Channel",
    "EmvChip",
    "KeyLabel",
    "RecordSpec",
    "Source",
    "discretionary",
    "faults",
]

Source = Literal[
    "card_id",
    "credential_bits",
    "credential_number",
    "cvv2",
    "department",
    "employee_number",
    "expiry_date",
    "expiry_mmyy",
    "full_name",
    "issuer_name",
    "name",
    "pan_groups",
    "stripe_name",
]
"""Fields that a card has to offer; ``services.dataprep.domain.compose`` computes them."""

Aid = Annotated[Octets, Field(min_length=5, max_length=16)]
KeyLabel = Annotated[str, Field(pattern=r"^(\{issuer\}|[a-z][a-z0-9-]*)/[A-Z0-9-]+#[1-9][0-9]*$")]
IcvvTrack2 = Annotated[str, AfterValidator(lambda text: discretionary(text, "icvv", "[0-9]", 10))]

PROTECTED_FILE = 21
"""The first file of a badge that is read after EXTERNAL AUTHENTICATE alone (docs/chip.md)."""

_DIVERSIFIER_ROOM = 15  # of AN10922's 31 octets, the card's id takes 16
_CONFIRMATION, _PRIORITY = 0x80, 0x0F  # of the priority indicator (EMV Book 1, table 13)
_RECORDS = (
    (1, 1, "57 5F20"),
    (2, 1, "5A 5F24 5F25 5F28 5F30 5F34 9F07 9F08 9F42 9F44"),
    (2, 2, "8C 8D 8E 9F0D 9F0E 9F0F"),
)
"""Where cards of the first version have their data objects: file, number, tags."""


_PLACES: Final = {"cvv": 3, "icvv": 3, "pvki": 1, "pvv": 4, "offset": 4}
"""What an issuer's discretionary data may stand for, and its digits; an offset's are the PIN's."""


def discretionary(template: str, value: str, literal: str, longest: int) -> str:
    """Check a template of discretionary data and return it.

    Args:
        template: literal characters, and names in braces.
        value: the verification value that must be in it, once.
        literal: a regular expression of one literal character.
        longest: characters of the whole; an account number of 19 digits leaves track 2 with 10.

    Raises:
        ValueError: it is none.
    """
    names = re.findall(r"\{([a-z]*)\}", template)
    rest = re.sub(r"\{[a-z]*\}", "", template)
    allowed = {value, "pvki", "pvv", "offset"}
    if not re.fullmatch(f"({literal})*", rest) or names.count(value) != 1:
        raise ValueError(f"it needs {{{value}}} once, between characters of the track")
    if not set(names) <= allowed or len(set(names)) < len(names):
        raise ValueError(f"it may hold each of {', '.join(sorted(allowed))} once")
    if len(rest) + sum(_PLACES[name] for name in names) > longest:
        raise ValueError(f"it has {longest} characters at most")
    return template


def faults(error: ValidationError) -> str:
    """Say in one line what is wrong where."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'all of it'}: {item['msg']}"
        for item in error.errors(include_url=False)
    )


Diversifying = Literal["emv-cps", "visa2", "kdf3"]


class Channel(Strict):
    """How the chip is opened for personalization, and which keys it keeps.

    Attributes:
        diversification: how the chip's maker derives its initial keys from ``kmc``: ``emv-cps`` and
            ``visa2`` of a triple DES key, for SCP02; ``kdf3`` of an AES key, for SCP03.
        security_level: P1 of EXTERNAL AUTHENTICATE, two hexadecimal digits: 01 MACs commands, 03
            enciphers them too, 11 and 13 have responses MACed, 33 enciphers these as well.
        issuer_kmc: label of the issuer's chip master key, whose card keys replace the initial
            ones; leave it out, and the chip keeps those.
        issuer_key_version: key version number of the issuer's keys, 1 to 127.
        issuer_diversification: how the issuer derives its own.
        store_data: P1 of STORE DATA, by GlobalPlatform or by EMV CPS.
        longest_command: octets of command data that the chip takes.
    """

    diversification: Diversifying = "kdf3"
    security_level: Literal["01", "03", "11", "13", "33"] = "03"
    issuer_kmc: KeyLabel | None = None
    issuer_key_version: Annotated[int, Field(ge=1, le=0x7F)] = 0x40
    issuer_diversification: Diversifying = "kdf3"
    store_data: Literal["globalplatform", "emv-cps"] = "globalplatform"
    longest_command: Annotated[int, Field(ge=64, le=65535)] = 255

    @model_validator(mode="after")
    def _level_of_protocol(self) -> Self:
        if self.diversification != "kdf3" and self.security_level == "33":
            raise ValueError("SCP02 enciphers no responses: level 33 is SCP03's")
        families = {each == "kdf3" for each in (self.diversification, self.issuer_diversification)}
        if self.issuer_kmc and len(families) > 1:
            raise ValueError("keys are replaced by keys of the same algorithm (GP 2.3.1, 11.8)")
        return self


class _Chip(Strict):
    """Which application goes onto the chip, and the chip vendor's transport key for it."""

    module_aid: Aid
    instance_aid: Aid
    kmc: KeyLabel
    channel: Channel = Channel()
    label: Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[ -~]+$")]


class EmvChip(_Chip):
    """One application with contacts that authorises on line, octet by octet: cards of version 1.

    Since then products name profiles: see ``ApplicationsChip``. ``track2`` is the discretionary
    part of track 2 equivalent data, ``{icvv}`` within.
    """

    kind: Literal["emv"]
    priority: Annotated[int, Field(ge=0, le=255)] = 1
    language: str
    aip: Octets
    currency: str
    currency_exponent: int = 2
    country: str
    cvm_list: Octets
    iac_default: Octets
    iac_denial: Octets
    iac_online: Octets
    cdol1: Octets
    cdol2: Octets
    pdol: Octets = b""
    usage_control: Octets
    application_version: Octets
    track2: IcvvTrack2

    @cached_property
    def profile(self) -> Profile:
        """The part of the application that all cards of the product share."""
        return Profile.model_validate(
            {
                "name": "inline",
                "version": 1,
                "aid": self.instance_aid,
                "label": self.label,
                "priority": self.priority & _PRIORITY,
                "confirmation": bool(self.priority & _CONFIRMATION),
                "languages": [self.language[at : at + 2] for at in range(0, len(self.language), 2)],
                "country": self.country,
                "currency": {"code": self.currency, "exponent": self.currency_exponent},
                "application_version": self.application_version,
                "usage_control": self.usage_control,
                "contact": {
                    "aip": self.aip,
                    "pdol": Dol.parse(self.pdol),
                    "cvm": CvmList.parse(self.cvm_list),
                    "action_codes": {
                        "denial": self.iac_denial,
                        "online": self.iac_online,
                        "default": self.iac_default,
                    },
                    "cdol1": Dol.parse(self.cdol1),
                    "cdol2": Dol.parse(self.cdol2),
                },
                "signed": [],
                "records": [
                    {"file": file, "number": number, "tags": tags.split()}
                    for file, number, tags in _RECORDS
                ],
            }
        )

    @model_validator(mode="after")
    def _is_a_profile(self) -> Self:
        # A bad profile is refused when it is read, not card by card.
        try:
            _ = self.profile
        except ValidationError as error:
            raise ValueError(faults(error)) from None
        return self


class Application(Strict):
    """One application of a chip.

    Attributes:
        profile: what it is: name and version in ``catalogue/profiles``.
        module_aid: the chip's module for it.
        instance_aid: begins with the profile's AID.
        track2: discretionary part of track 2 equivalent data, ``{icvv}`` within.
        keys: usage of a card key to the label of the master key it derives from.
        derivation: how, EMV Book 2 annex A1.4.
        issuer_key: label of the issuer's RSA key, which signs the card's certificates.
        pin: the card gets a PIN that it compares itself.
    """

    profile: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}/v[1-9][0-9]*$")]
    module_aid: Aid
    instance_aid: Aid
    track2: IcvvTrack2
    keys: Annotated[dict[str, KeyLabel], Field(min_length=1)]
    derivation: Literal["A", "B", "C"] = "A"
    issuer_key: KeyLabel | None = None
    pin: bool = False


class ApplicationsChip(Strict):
    """Several applications by their profiles, and the directories that list them.

    Attributes:
        kmc: the chip vendor's transport key.
        channel: how it is opened, and which keys it keeps.
        directory_aid: the chip's module for directories.
        directories: which there are: PSE for contacts, PPSE for contactless.
        applications: in the order to install them.
    """

    kind: Literal["applications"]
    kmc: KeyLabel
    channel: Channel = Channel()
    directory_aid: Aid | None = None
    directories: tuple[Literal["PSE", "PPSE"], ...] = ()
    applications: Annotated[tuple[Application, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _directories_have_a_module(self) -> Self:
        if self.directories and self.directory_aid is None:
            raise ValueError("directories need the module directory_aid")
        return self


def _tag(text: str) -> str:
    tlv.encode(int(text, 16), b"")
    return text


Tag = Annotated[str, Field(pattern="^([0-9A-F]{2}){1,2}$"), AfterValidator(_tag)]


class RecordSpec(Strict):
    """One record of a badge: tags (hexadecimal) to the fields that they hold.

    Texts are in UTF-8, ``credential_bits`` is a bit string (``cardwright.access.wiegand.pack``).
    """

    sfi: Annotated[int, Field(ge=1, le=30)]
    number: Annotated[int, Field(ge=1, le=254)]
    objects: dict[Tag, Source]


class BadgeChip(_Chip):
    """A badge credential: records to read, and a key (of key management) to answer with.

    Attributes:
        system_identifier: ends the input from which AN10922 diversifies the key, after the card's
            id (16 octets) and the application's name: what a reader knows of the site's system.
    """

    kind: Literal["badge"]
    records: Annotated[tuple[RecordSpec, ...], Field(min_length=1)]
    system_identifier: Annotated[str, Field(max_length=8, pattern=r"^[ -~]*$")] = ""

    @model_validator(mode="after")
    def _secrets_are_behind_the_key(self) -> Self:
        if len(self.instance_aid) + len(self.system_identifier) > _DIVERSIFIER_ROOM:
            raise ValueError(
                f"instance_aid and system_identifier have {_DIVERSIFIER_ROOM} octets together"
            )
        for record in self.records:
            if "credential_bits" in record.objects.values() and record.sfi < PROTECTED_FILE:
                raise ValueError(
                    f"credential_bits lie in files {PROTECTED_FILE} to 30, which only a reader "
                    "that proved itself can read"
                )
        return self
