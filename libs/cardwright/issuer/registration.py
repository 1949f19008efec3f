"""What the bureau knows of an issuer: ``catalogue/issuers/<issuer>.yaml`` and its public keys.

The keys lie apart, in ``<state>/issuers/<issuer>.jwks.json`` (a JWK Set, RFC 7517): they are made
and replaced at the issuer's, while the rest is agreed once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cardwright.access.errors import AccessError
from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.issuer.errors import RegistrationError

__all__ = [
    "AccountRange",
    "CredentialRange",
    "IssuerRegistration",
    "load_issuer_keys",
    "load_registration",
]

Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]


class AccountRange(BaseModel):
    """Account numbers that the issuer may use, and that the bureau may allocate from.

    Attributes:
        bin: issuer identification number, 6 or 8 digits (ISO/IEC 7812-1).
        length: digits of a whole account number, check digit included.
        allocate_from: first individual account identification that the bureau may allocate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bin: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{2})?$")]
    length: Annotated[int, Field(ge=12, le=19)] = 16
    allocate_from: Annotated[int, Field(ge=0)] = 0


class CredentialRange(BaseModel):
    """Card numbers that the issuer's door controllers know as its own, for badges.

    Attributes:
        format: H10301, H10302 or H10304.
        facility: the site's facility code, 0 in a format without one.
        first, last: card numbers; ``from`` and ``to`` in the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["H10301", "H10302", "H10304"]
    facility: Annotated[int, Field(ge=0)] = 0
    first: Annotated[int, Field(alias="from", ge=0)]
    last: Annotated[int, Field(alias="to", ge=0)]

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        if self.first > self.last:
            raise ValueError("from is above to")
        try:
            self.credential(self.last)
        except AccessError as error:
            raise ValueError(str(error)) from None
        return self

    def credential(self, number: int) -> Credential:
        """Return the credential with that card number."""
        return Credential(WiegandFormat.named(self.format), self.facility, number)


class IssuerRegistration(BaseModel):
    """One issuer, as agreed with the bureau.

    Attributes:
        name: as in topics and requests.
        title: as people read it.
        keys: file name of its public JWK Set.
        products: what it may order.
        account_range: none for issuers of cards without accounts.
        credential_range: none for issuers of cards without access credentials.
        masters: usage of a master key to its label in the security module; with a version, that
            one is pinned, else the newest that is active counts.
        environment: whether its cards are good outside: the security module refuses keys of the
            other kind. Test cards of a live issuer are made with its test keys.
        test_masters: the same as ``masters``, of test keys; for a live issuer's test cards.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    title: str
    keys: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*\.jwks\.json$")]
    products: frozenset[Label]
    account_range: AccountRange | None = None
    credential_range: CredentialRange | None = None
    masters: dict[str, str] = {}
    environment: Literal["test", "live"] = "live"
    test_masters: dict[str, str] = {}


def load_registration(path: Path) -> IssuerRegistration:
    """Read one registration.

    Raises:
        RegistrationError: REGISTRATION_MISSING or REGISTRATION_FORMAT, with the fields at fault.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        registration = IssuerRegistration.model_validate(document)
    except OSError:
        raise RegistrationError("REGISTRATION_MISSING", f"{path.name} can't be read") from None
    except yaml.YAMLError:
        raise RegistrationError("REGISTRATION_FORMAT", f"{path.name} is not YAML") from None
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) or "all" for item in error.errors())
        raise RegistrationError("REGISTRATION_FORMAT", f"{path.name}: {fields}") from None
    if registration.name != path.stem:
        raise RegistrationError("REGISTRATION_FORMAT", f"{path.name}: name must be the file's name")
    return registration


def load_issuer_keys(registration: IssuerRegistration, folder: Path) -> tuple[ECKey, ...]:
    """Read the issuer's public keys: those that sign have ``use`` "sig", the other "enc".

    Raises:
        RegistrationError: REGISTRATION_KEYS; a private key in the set is refused too.
    """
    path = folder / registration.keys
    try:
        members: list[dict[str, Any]] = json.loads(path.read_bytes())["keys"]
        keys = tuple(ECKey.import_key(member) for member in members)
    except (OSError, ValueError, TypeError, KeyError, JoseError):
        raise RegistrationError(
            "REGISTRATION_KEYS", f"{path.name} is not a readable JWK Set; ask the issuer for it"
        ) from None
    if any(key.is_private for key in keys):
        raise RegistrationError(
            "REGISTRATION_KEYS", f"{path.name} holds a private key; the issuer must replace it"
        )
    uses = [key.get("use") for key in keys]
    if "sig" not in uses or "enc" not in uses:
        raise RegistrationError(
            "REGISTRATION_KEYS", f"{path.name} needs a key with use sig and one with use enc"
        )
    return keys
