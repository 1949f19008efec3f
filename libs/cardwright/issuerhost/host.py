"""An issuer that knows its cards' keys: it checks cryptograms, answers them, and sends scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cardwright.issuerhost.cryptogram import (
    CryptogramVersion,
    arpc_method_1,
    arpc_method_2,
    cryptogram_key,
    is_genuine,
    version_of,
)
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import Derivation, IssuerKeys, card_key
from cardwright.issuerhost.messages import AuthorizationRequest, AuthorizationResponse, ChipData
from cardwright.issuerhost.messaging import MessagingFormat, ScriptMessaging
from cardwright.issuerhost.scripts import Script, encode_scripts
from cardwright.secret import SecretBytes

__all__ = ["Answer", "ArpcMethod", "Rules", "SoftwareIssuerHost", "approve"]


class ArpcMethod(Enum):
    """How the issuer proves itself to the card (EMV Book 2, 8.2)."""

    NONE = 0
    METHOD_1 = 1
    METHOD_2 = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What an issuer agreed with its cards.

    Attributes:
        derivation: how their keys come from the issuer's.
        arpc: how it answers them.
        messaging: how its scripts are protected.
    """

    derivation: Derivation = Derivation.OPTION_A
    arpc: ArpcMethod = ArpcMethod.METHOD_1
    messaging: MessagingFormat = MessagingFormat.FORMAT_2


@dataclass(frozen=True, slots=True)
class Answer:
    """What the issuer wants of a transaction whose cryptogram is genuine.

    Attributes:
        response_code: 8A; ``00`` approves, ``05`` declines.
        status_update: for ARPC method 2, 4 octets; None: approved and counters reset to zero, or
            nothing at all.
        scripts: what to do to the card.
    """

    response_code: str = "00"
    status_update: bytes | None = None
    scripts: tuple[Script, ...] = ()


def approve(_request: AuthorizationRequest) -> Answer:
    """Approve whatever has a genuine cryptogram."""
    return Answer()


class SoftwareIssuerHost:
    """An ``IssuerHost`` with test master keys in this process.

    Args:
        keys: the issuer's master keys.
        rules: what it agreed with its cards.
        decide: says what it wants of a genuine transaction.
    """

    def __init__(
        self,
        keys: IssuerKeys,
        rules: Rules,
        decide: Callable[[AuthorizationRequest], Answer] = approve,
    ) -> None:
        self._keys, self._rules, self._decide = keys, rules, decide

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Check the ARQC and answer; what is not genuine is declined with code 05 and a finding.

        Findings: ``ARQC_KIND`` for another cryptogram, ``ARQC_WRONG``, or the code of the
        ``IssuerHostError`` that its data raise.

        Raises:
            IssuerHostError: SCRIPT_DATA or AUTHENTICATION_DATA, ``decide`` wants what can't be.
        """
        finding = "ARQC_KIND" if request.chip.kind != "ARQC" else self.examine(request.chip)
        if finding != "OK":
            return AuthorizationResponse("05", finding=finding)
        answer = self._decide(request)
        return AuthorizationResponse(
            answer.response_code,
            self._authentication_data(request.chip, answer),
            self._scripts(request.chip, answer),
        )

    def examine(self, chip: ChipData) -> str:
        """Return OK for a genuine cryptogram of any kind, else a finding as ``authorize`` does."""
        try:
            version, key = self._session(chip)
            good = is_genuine(version, key, chip)
        except IssuerHostError as error:
            return error.code
        return "OK" if good else f"{chip.kind or 'CRYPTOGRAM'}_WRONG"

    def _session(self, chip: ChipData) -> tuple[CryptogramVersion, SecretBytes]:
        version = version_of(chip.value(0x9F10))
        if version.algorithm is not self._rules.derivation.algorithm:
            raise IssuerHostError("CRYPTOGRAM_VERSION", "9F10 names another algorithm than agreed")
        return version, cryptogram_key(version, self._card_key(self._keys.ac, chip), chip.atc)

    def _card_key(self, master: SecretBytes, chip: ChipData) -> SecretBytes:
        return card_key(self._rules.derivation, master, chip.pan.reveal(), chip.psn)

    def _authentication_data(self, chip: ChipData, answer: Answer) -> bytes:
        version, key = self._session(chip)
        cryptogram = chip.value(0x9F26)
        match self._rules.arpc:
            case ArpcMethod.METHOD_1:
                return arpc_method_1(version.algorithm, key, cryptogram, answer.response_code)
            case ArpcMethod.METHOD_2:
                update = _status_update(answer)
                return arpc_method_2(version.algorithm, key, cryptogram, update)
            case ArpcMethod.NONE:
                return b""

    def _scripts(self, chip: ChipData, answer: Answer) -> bytes:
        if not answer.scripts:
            return b""
        keys = IssuerKeys(
            self._card_key(self._keys.ac, chip),
            self._card_key(self._keys.smi, chip),
            self._card_key(self._keys.smc, chip),
        )
        messaging = ScriptMessaging(
            self._rules.derivation.algorithm,
            keys,
            self._rules.messaging,
            chip.atc,
            chip.value(0x9F26),
        )
        return encode_scripts(answer.scripts, messaging)


def _status_update(answer: Answer) -> bytes:
    """Return a card status update (Book 3, C10): approved, offline counters to zero; or zeros."""
    if answer.status_update is not None:
        return answer.status_update
    return b"\x00\x82\x00\x00" if answer.response_code == "00" else bytes(4)
