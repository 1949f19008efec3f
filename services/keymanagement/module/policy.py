"""Who may do what: the least privilege of every role, in one place, and the tokens that show it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.files import read_private, write_private

__all__ = ["GRANTS", "Caller", "Grant", "Policy", "save_policy"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do.

    Attributes:
        verbs: the verbs, beside "sign" and "public_keys", which every role has.
        sections: vault sections whose data keys it may have unwrapped.
        keys: by verb, the patterns of key labels that it may name.
    """

    verbs: frozenset[str]
    sections: frozenset[str] = frozenset()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def labels(self) -> frozenset[str]:
        """Patterns of the labels of all keys that its verbs use, beside its own signing key.

        A token of the role's own holds these and no other.
        """
        inside = {section for verb in self.verbs for section in _INSIDE.get(verb, ())}
        named = {pattern for patterns in self.keys.values() for pattern in patterns}
        return frozenset(named | {f"section/{section}" for section in self.sections | inside})


_INSIDE: Mapping[str, tuple[str, ...]] = {
    "derive_card_keys": ("keys", "card_pin", "pair"),
    "personalize": ("chip_keys",),
    "check_personalization": ("chip_keys",),
    "export_personalization": ("chip_keys",),
    "check_badges": ("chip_keys",),
}
"""Sections that the module opens for itself in a verb: its caller never sees what is in them."""


def _grant(*sections: str, **keys: tuple[str, ...]) -> Grant:
    everyone = {"sign", "public_keys", "digest"}
    keys = {**keys, "digest": ("digest/dead-letter", *keys.get("digest", ()))}
    verbs = everyone | keys.keys() | ({"unwrap_data_keys"} if sections else set())
    return Grant(frozenset(verbs), frozenset(sections), keys)


GRANTS: Mapping[str, Grant] = {
    # Anybody may sign in its own name, read public keys and digest what it could not read.
    "request": _grant(agree=("bureau/request", "request/*"), digest=("digest/pan",)),
    # Has PINs drawn or taken over, and never sees one.
    "dataprep": _grant(
        "request",
        card_values=("*/CVK", "*/IMK-CVC3"),
        digest=("digest/pan",),
        prepare_pins=("*/PVK", "*/IBM-PIN", "*/PEK"),
        translate_pins=("*/PEK",),
    ),
    # Derives and seals card keys, but opens no section itself.
    "keymanagement": _grant(
        derive_card_keys=("*/IMK-*", "*/BADGE", "*/ISSUER-RSA"), journal=(), pools=()
    ),
    "printing": _grant("print"),
    # Takes chips' scripts from here; card keys stay sealed to it.
    "encoding": _grant(
        "stripe",
        "chip",
        "certificates",
        personalize=("chip/*", "*/KMC"),
        check_personalization=("chip/*", "*/KMC"),
        check_badges=(),
    ),
    # Plays the issuer's host for test cards.
    "qa": _grant("inspection", authorize=("*/IMK-AC", "*/IMK-SMI")),
    "logistics": _grant(),
    # The one role that sees PINs in clear. It handles no card, and opens nothing that a card shows.
    "pinmailer": _grant("pin", "mailer"),
    "retention": _grant(),
    # Hands cards to other bureaus: a role of its own, as it opens what chips hold in clear and
    # takes keys out of the house. No station has it; people use it by command.
    "export": _grant("chip", export_personalization=("*/KEK",)),
    "custody": _grant(),
    # Pays with test cards by hand.
    "operator": _grant("dead-letter", authorize=("*/IMK-AC",)),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who presents a token: its name, e.g. "printing.site-1", and what its role may do."""

    name: str
    grant: Grant

    @property
    def signing_key(self) -> str:
        """Label of the caller's own Ed25519 key."""
        return f"sign/{self.name}"

    def require_verb(self, verb: str) -> None:
        """Raise HSM_DENIED unless the verb is granted."""
        if verb not in self.grant.verbs:
            raise HsmError("HSM_DENIED", f"{self.name} may not {verb}.")

    def require_section(self, section: str) -> None:
        """Raise HSM_DENIED unless the section is granted."""
        if section not in self.grant.sections:
            raise HsmError("HSM_DENIED", f"{self.name} may not open section {section}.")

    def require_key(self, verb: str, name: str) -> None:
        """Raise HSM_DENIED unless the verb is granted for the key's label."""
        label = name.partition("#")[0]
        if not any(fnmatchcase(label, pattern) for pattern in self.grant.keys.get(verb, ())):
            raise HsmError("HSM_DENIED", f"{self.name} may not {verb} with {label}.")


class Policy:
    """The tokens that are valid. It knows their SHA-256 alone: tokens are random, so that will do.

    Args:
        callers: Hexadecimal SHA-256 of a token to (name, role).

    Raises:
        HsmError: POLICY_ROLE, a role that `GRANTS` does not have.
    """

    def __init__(self, callers: Mapping[str, tuple[str, str]]) -> None:
        for name, role in callers.values():
            if role not in GRANTS:
                raise HsmError("POLICY_ROLE", f"{name} has the unknown role {role}.")
        self._callers = {
            digest: Caller(name, GRANTS[role]) for digest, (name, role) in callers.items()
        }

    @property
    def callers(self) -> Collection[Caller]:
        """Everybody who has a token."""
        return self._callers.values()

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read the policy file.

        Raises:
            HsmError: FILE_MISSING, FILE_EXPOSED, POLICY_MALFORMED or POLICY_ROLE.
        """
        try:
            entries = json.loads(read_private(path))["tokens"]
            callers = {entry["sha256"]: (entry["name"], entry["role"]) for entry in entries}
        except (ValueError, KeyError, TypeError):
            raise HsmError("POLICY_MALFORMED", f"{path.name} is no policy file.") from None
        return cls(callers)

    def authenticate(self, token: SecretText) -> Caller:
        """Tell who presents a token.

        Raises:
            HsmError: HSM_TOKEN.
        """
        caller = self._callers.get(_digest(token))
        if caller is None:
            raise HsmError("HSM_TOKEN", "This token is not registered: check the token file.")
        return caller


def save_policy(path: Path, tokens: Mapping[str, tuple[SecretText, str]]) -> None:
    """Write a policy file of callers' names, each with its token and role."""
    entries = [
        {"name": name, "role": role, "sha256": _digest(token)}
        for name, (token, role) in tokens.items()
    ]
    write_private(path, json.dumps({"tokens": entries}, indent=2).encode())


def _digest(token: SecretText) -> str:
    return sha256(token.reveal().encode()).hexdigest()
