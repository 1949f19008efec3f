"""Asks a PKCS#11 library what it can do of what is needed, by its word and by trial.

A list of mechanisms is a claim: some libraries announce what then fails, or only for some sizes of
keys. So where a token may be entered, each mechanism is tried.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.pkcs11.capabilities import NEEDS, Need
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki, load, name_of, softhsm_library
from services.keymanagement.module.pkcs11.token import Token
from services.keymanagement.module.pkcs11.trials import TRIALS, Mismatch, Trial

__all__ = ["Finding", "Verdict", "announced", "probe_library", "probe_softhsm", "tried"]


class Verdict(Enum):
    """What is known of a mechanism."""

    WORKS = "works"
    ANNOUNCED = "announced, not tried"
    FAILS = "fails"
    MISSING = "missing"

    @property
    def serves(self) -> bool:
        """Whether it may be counted on, as far as is known."""
        return self in {Verdict.WORKS, Verdict.ANNOUNCED}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one need; `detail` is what the library returned, or where it differed."""

    need: Need
    verdict: Verdict
    detail: str = ""

    def row(self) -> Mapping[str, str]:
        """Return it for people and programs; the consequence only if there is one."""
        return {
            "mechanism": self.need.mechanism,
            "verdict": self.verdict.value,
            "detail": self.detail,
            "used_for": self.need.used_for,
            "consequence": "" if self.verdict.serves else self.need.consequence,
        }


def announced(cryptoki: Cryptoki, slot: int) -> list[Finding]:
    """Compare what is needed with the list of mechanisms of a slot."""
    known = cryptoki.mechanisms(slot)
    return [
        Finding(need, Verdict.ANNOUNCED if need.mechanism in known else Verdict.MISSING)
        for need in NEEDS
    ]


def tried(token: Token) -> list[Finding]:
    """Try every mechanism that is announced, in a token that is logged in; nothing stays there."""
    return [
        _tried(token, finding.need) if finding.verdict.serves else finding
        for finding in announced(token.cryptoki, token.slot)
    ]


def probe_library(library: str, label: str = "", pin: SecretText | None = None) -> list[Finding]:
    """Ask a vendor's library, and try it where a token may be entered.

    Args:
        library: its path.
        label: of a token; empty for the list of mechanisms of the first slot alone.
        pin: of the token's user.

    Raises:
        HsmError: PKCS11_BINDING, PKCS11_LIBRARY, TOKEN_UNKNOWN, TOKEN_LOGIN, TOKEN_SLOT: there is
            no token at all.
    """
    cryptoki = load(library)
    if label:
        return tried(Token(cryptoki, label, pin))
    slots = cryptoki.lib.getSlotList(tokenPresent=True)
    if not slots:
        raise HsmError("TOKEN_SLOT", "No slot has a token: put one in with the vendor's tool.")
    return announced(cryptoki, slots[0])


def probe_softhsm() -> list[Finding]:
    """Try SoftHSM in a token that is made for it and thrown away.

    Raises:
        HsmError: PKCS11_BINDING, PKCS11_LIBRARY.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {folder}\nlog.level = ERROR\n")
        cryptoki, pin = load(softhsm_library(), config), SecretText(secrets.token_hex(8))
        cryptoki.make_token("probe", pin, pin)
        return tried(Token(cryptoki, "probe", pin))


def _tried(token: Token, need: Need) -> Finding:
    session = token.cryptoki.lib.openSession(token.slot)
    try:
        TRIALS[need.mechanism](Trial(token.p11, session))
    except Mismatch as error:
        return Finding(need, Verdict.FAILS, str(error))
    except token.p11.PyKCS11Error as error:
        return Finding(need, Verdict.FAILS, name_of(error))
    finally:
        session.closeSession()
    return Finding(need, Verdict.WORKS)
