"""What a service is told by its environment: every variable begins with CARDWRIGHT_."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cardwright.secret import SecretText

__all__ = ["FromEnvironment", "Settings", "SettingsError"]

_PREFIX = "CARDWRIGHT_"


class SettingsError(Exception):
    """A setting is missing or malformed."""

    code = "SETTINGS"


class FromEnvironment(BaseModel):
    """A model whose fields are variables: ``site`` is CARDWRIGHT_SITE."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings.

        Raises:
            SettingsError: A variable does not hold what it should; its value is not repeated.
        """
        values = {
            name.removeprefix(_PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(_PREFIX)
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            names = ", ".join(
                _PREFIX + "_".join(str(part) for part in item["loc"]).upper()
                for item in error.errors(include_input=False)
            )
            raise SettingsError(f"{names}: not usable; see docs/settings.md") from None


Secret = Annotated[SecretText, BeforeValidator(SecretText)]


class Settings(FromEnvironment):
    """The settings that all services share; a service reads those it needs.

    Connection strings hold passwords, so they are secrets. Paths are to files the service may read.
    """

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers")
    database: Secret | None = Field(None, description="DSN of the service's own database")
    vault: Secret | None = Field(None, description="DSN of the vault, with its role")
    datakeys: Secret | None = Field(None, description="DSN of the vault's data keys, with its role")
    hsm: str = Field("127.0.0.1:7400", description="address of the security module")
    hsm_token: Path | None = Field(None, description="file with the token of this service")
    site: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")] = "site-1"
    state: Path = Field(Path(".cardwright"), description="folder for telemetry and output files")
    catalogue: Path = Field(Path("catalogue"), description="folder with issuers, products, designs")
    devices: str = Field("", description="the devices of this station, as name=host:port, …")
    listen: str = Field("127.0.0.1:0", description="address that the service's own server binds")
    otlp: str | None = Field(None, description="OTLP/gRPC endpoint; files in `state` without one")
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0

    def require(self, name: str) -> SecretText:
        """Return a connection string that this service cannot do without."""
        value = getattr(self, name)
        if not isinstance(value, SecretText):
            raise SettingsError(f"{_PREFIX}{name.upper()} is not set: give the service its DSN")
        return value
