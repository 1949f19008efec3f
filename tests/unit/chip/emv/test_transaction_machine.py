"""The order of a transaction, against a model of it that knows the rules and no more."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.chip.emv.card import (
    AAC,
    ARQC,
    CORE,
    GPO,
    PIN_BLOCK,
    SIGNED,
    TC,
    TDES,
    TERMINAL,
    Card,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import Script, tlv
from tests.unit.chip.emv.terminal import objects

LIMITS = tlv(0x9F14, b"\2") + tlv(0x9F23, b"\3")
MASTER = groupings(data=CORE, internal=LIMITS)
WRONG = bytes.fromhex("249999FFFFFFFFFF")
CHALLENGE = bytes.fromhex("0088000004DEADBEEF")


class Transactions(RuleBasedStateMachine):
    """One card in the hands of a terminal that may send anything at any time."""

    @initialize()
    def make(self) -> None:
        self.card: Card = card(TDES, MASTER)
        self.atc = self.last_online = 0
        self.tries = 3
        self.blocked = False
        self._new_selection("idle")
        self.select()

    def _new_selection(self, step: str) -> None:
        self.step = step
        self.arqc = b""
        self.script: Script | None = None
        self.authenticated: bool | None = None

    @rule()
    def select(self) -> None:
        assert self.card.select() == (0x6283 if self.blocked else 0x9000)
        self._new_selection("selected")

    @rule()
    def cut_the_power(self) -> None:
        self.card = Card(restarted(self.card.applet))
        self.select()

    @rule()
    def begin(self) -> None:
        status = self.card.status(GPO)
        assert status == (0x9000 if self.step == "selected" else 0x6985)
        if status == 0x9000:
            self.atc += 1
            self.step = "initiated"

    @rule()
    def authenticate_the_card(self) -> None:
        expected = 0x9000 if self.step == "initiated" else 0x6985
        assert self.card.status(CHALLENGE) == expected

    @rule(kind=st.sampled_from([AAC, TC, ARQC]), signed=st.booleans())
    def first(self, kind: int, signed: bool) -> None:
        if self.step == "online":
            return
        signs = SIGNED if signed and self.step == "initiated" else 0
        response, status = self.card.generate(kind | signs, TERMINAL)
        assert status == (0x9000 if self.step == "initiated" else 0x6985)
        if status != 0x9000:
            return
        found = objects(response)
        given = found[0x9F27][0]
        assert given <= kind if kind != TC else given in (AAC, TC, ARQC)
        assert given == AAC or not self.blocked
        assert (0x9F4B in found) == (bool(signs) and given != AAC)
        self.step = "online" if given == ARQC else "over"
        if 0x9F26 in found:
            self.arqc = found[0x9F26]
            self.script = TDES.script(self.arqc)

    @rule(right=st.booleans())
    def authenticate_the_issuer(self, right: bool) -> None:
        data = TDES.arpc_1(self.atc.to_bytes(2, "big"), self.arqc or bytes(8), b"00")
        if not right:
            data = bytes((data[0] ^ 1,)) + data[1:]
        status = self.card.status(bytes.fromhex("008200000A") + data)
        if self.step != "online" or self.authenticated is not None:
            assert status == 0x6985
            return
        self.authenticated = right and bool(self.arqc)
        assert status == (0x9000 if self.authenticated else 0x6300)

    @rule(kind=st.sampled_from([AAC, TC]), able=st.booleans())
    def second(self, kind: int, able: bool) -> None:
        response, status = self.card.second(kind, response_code=b"00" if able else b"Y3")
        if self.step == "initiated":
            assert status == 0x6700  # it is the first, and carries too little
            return
        assert status == (0x9000 if self.step == "online" else 0x6985)
        if status != 0x9000:
            return
        given = objects(response)[0x9F27][0]
        assert given <= kind
        if able and kind == TC and not self.blocked:
            assert given == (AAC if self.authenticated is False else TC)
        if self.authenticated or (able and self.authenticated is None):
            self.last_online = self.atc
        self.step = "over"

    @rule(block=st.sampled_from([PIN_BLOCK, WRONG]))
    def verify(self, block: bytes) -> None:
        status = self.card.verify(block)
        if self.step not in ("selected", "initiated"):
            assert status == 0x6985
        elif self.tries == 0:
            assert status == 0x6983
        elif block == PIN_BLOCK:
            self.tries = 3
            assert status == 0x9000
        else:
            self.tries -= 1
            assert status == 0x63C0 | self.tries

    @rule(what=st.sampled_from(["8C240000", "8C1E0000", "8C180000"]))
    def script_command(self, what: str) -> None:
        script = self.script or TDES.script(bytes(8))
        status = self.card.status(script.command(what))
        if self.step in ("selected", "initiated"):
            assert status == 0x6985
            return
        if self.script is None:
            assert status == 0x6988  # the cryptogram was inside a signature we did not open
            self.script = None
            return
        assert status == 0x9000
        if what == "8C240000":
            self.tries = 3
        else:
            self.blocked = what == "8C1E0000"

    @invariant()
    def registers_agree(self) -> None:
        assert self.card.ok("80CA9F3600") == b"\x9f\x36\2" + self.atc.to_bytes(2, "big")
        assert self.card.ok("80CA9F1300") == b"\x9f\x13\2" + self.last_online.to_bytes(2, "big")
        assert self.card.ok("80CA9F1700") == b"\x9f\x17\1" + bytes((self.tries,))


TestTransactions = Transactions.TestCase
TestTransactions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
