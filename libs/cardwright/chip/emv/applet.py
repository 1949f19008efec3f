"""An EMV application (EMV 4.4 Books 1 to 3), personalized as EMV CPS says."""

from __future__ import annotations

from cardwright.chip.apdu import Command, Handlers, Refusal, Status
from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.completeness import is_complete
from cardwright.chip.emv.generate import generate_ac
from cardwright.chip.emv.issuer import authenticate
from cardwright.chip.emv.pin import verify
from cardwright.chip.emv.profile import Profile
from cardwright.chip.emv.registers import Registers
from cardwright.chip.emv.scripts import SCRIPT_COMMANDS, run_script_command
from cardwright.chip.emv.signature import dynamic_number, sign_dynamic_data
from cardwright.chip.emv.transaction import Context, Step, Transaction, Verdict
from cardwright.chip.tlv import encode, first

__all__ = ["EmvApplet"]

_CHALLENGE_SIZE = _NUMBER_SIZE = 8
_DDA_SUPPORTED, _ISSUER_AUTHENTICATION_SUPPORTED = 0x20, 0x04  # bits of the AIP's first octet


class EmvApplet(Applet):
    """A payment application; its groupings, states and limits are told in docs/chip.md."""

    PACKAGE = b"\xf0CWEMV"
    MODULE = b"\xf0CWEMV\x01"
    ENCRYPTED = g.SECRET

    _cached: Profile | None = None

    def handlers(self) -> Handlers:
        """The transaction's commands."""
        return {
            (0x80, 0xA8): self._get_processing_options,
            (0x80, 0xAE): lambda command: generate_ac(self._context, command),
            (0x80, 0xCA): self._get_data,
            (0x00, 0x20): lambda command: verify(self._context, command, self._challenge),
            (0x00, 0x82): self._external_authenticate,
            (0x00, 0x84): self._get_challenge,
            (0x00, 0x88): self._internal_authenticate,
            **dict.fromkeys(
                SCRIPT_COMMANDS, lambda command: run_script_command(self._context, command)
            ),
        }

    def check(self, grouping: int, value: bytes) -> None:
        """Lengths and forms of one grouping."""
        g.check(grouping, value)

    def complete(self) -> bool:
        """Whether all that the application was told to do has its data and keys."""
        return is_complete(self.groupings)

    def reset(self) -> None:
        """A new selection is a new transaction."""
        self._transaction = Transaction()
        self._challenge = self._next_challenge = b""

    @property
    def blocks_card(self) -> bool:
        """Whether the issuer sent CARD BLOCK."""
        return bool(self._registers.card_blocked)

    def unwraps(self, command: Command) -> bool:
        """Issuer script commands carry the application's own secure messaging."""
        return (command.cla, command.ins) in SCRIPT_COMMANDS

    def fci_grouping(self) -> int:
        """Another answer to SELECT over the antenna, if there is one."""
        return self._profile.fci

    def store(self, grouping: int, value: bytes, *, encrypted: bool) -> None:
        """Take a grouping in without what padded it for its encipherment."""
        super().store(grouping, g.canonical(grouping, value), encrypted=encrypted)
        self._cached = None

    def close_personalization(self) -> None:
        """Check all together, and set the counters to their first values."""
        self._cached = None
        super().close_personalization()
        self._registers.atc = int.from_bytes(self._profile.internal.get(0x9F36, b""), "big")
        self._registers.pin_tries = self.groupings.get(g.PIN_COUNTERS, b"\0")[0]

    def select(self) -> bytes:
        """File control information; 6283 when the application is blocked (Book 3, 6.5.1)."""
        answer = super().select()
        if self.state is ApplicationState.PERSONALIZED and self._registers.invalidated:
            raise Refusal(Status.SELECTED_LOCKED)
        return answer

    def process(self, command: Command) -> bytes:
        """Run a command; a challenge is good for the next one alone (Book 3, 6.5.6)."""
        self._challenge, self._next_challenge = self._next_challenge, b""
        return super().process(command)

    @property
    def _registers(self) -> Registers:
        return Registers(self.counters)

    @property
    def _profile(self) -> Profile:
        if self._cached is None or self._cached.contactless != self.contactless:
            self._cached = Profile(self.groupings, contactless=self.contactless)
        return self._cached

    @property
    def _context(self) -> Context:
        return Context(
            self._profile,
            self._registers,
            self._transaction,
            self.random,
            lambda grouping, value, secret: self.store(grouping, value, encrypted=secret),
        )

    def _get_processing_options(self, command: Command) -> bytes:
        """Book 3, 6.5.8, answered in format 2; the transaction counter goes up here."""
        command.require_p1_p2(0, 0)
        profile, registers, transaction = self._profile, self._registers, self._transaction
        options = profile.options
        if transaction.step is not Step.SELECTED or options is None or registers.exhausted:
            raise Refusal(Status.NOT_NOW)
        data = first(command.data, 0x83)
        if data is None:
            raise Refusal(Status.WRONG_DATA)
        transaction.take(profile.pdol, data)
        registers.atc += 1
        transaction.step = Step.INITIATED
        transaction.interchange = profile.interchange
        return encode(0x77, options)

    def _get_data(self, command: Command) -> bytes:
        """Book 3, 6.5.7: transaction counter, its value when last online, PIN tries."""
        command.require_length(0)
        registers = self._registers
        tag = command.p1 << 8 | command.p2
        counters = {0x9F36: registers.atc, 0x9F13: registers.last_online_atc}
        if tag in counters:
            return encode(tag, counters[tag].to_bytes(2, "big"))
        if tag == 0x9F17 and g.PIN in self.groupings:
            return encode(tag, bytes((registers.pin_tries,)))
        raise Refusal(Status.NO_REFERENCE)

    def _get_challenge(self, command: Command) -> bytes:
        """Book 3, 6.5.6."""
        command.require_p1_p2(0, 0)
        command.require_length(0)
        self._next_challenge = self.random(_CHALLENGE_SIZE)
        return self._next_challenge

    def _internal_authenticate(self, command: Command) -> bytes:
        """DDA (Book 2, 6.5.1), answered in format 2."""
        command.require_p1_p2(0, 0)
        self._require(Step.INITIATED, _DDA_SUPPORTED)
        ddol, key = self._profile.ddol, self._profile.icc_key
        if key is None:
            raise Refusal(Status.NOT_NOW)
        if not command.data or (ddol and len(command.data) != sum(size for _, size in ddol)):
            raise Refusal(Status.WRONG_LENGTH)
        self._transaction.dda = True
        number = dynamic_number(self.random(_NUMBER_SIZE))
        return encode(0x77, encode(0x9F4B, sign_dynamic_data(key, number, command.data)))

    def _external_authenticate(self, command: Command) -> bytes:
        """Issuer authentication (Book 3, 6.5.4), once a transaction."""
        command.require_p1_p2(0, 0)
        command.require_length(*range(8, 17))
        self._require(Step.ONLINE, _ISSUER_AUTHENTICATION_SUPPORTED)
        if self._transaction.verdict is not Verdict.NOT_PERFORMED:
            raise Refusal(Status.NOT_NOW)
        if authenticate(self._context, command.data) is Verdict.FAILED:
            raise Refusal(Status.AUTHENTICATION_FAILED)
        return b""

    def _require(self, step: Step, supported: int) -> None:
        """6985 unless the transaction is there and its AIP promises the function."""
        transaction = self._transaction
        if transaction.step is not step or not transaction.interchange[0] & supported:
            raise Refusal(Status.NOT_NOW)
