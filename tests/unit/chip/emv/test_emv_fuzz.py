"""Any commands to a personalized application: an answer, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.chip.apdu import Refusal
from cardwright.chip.emv import EmvApplet
from tests.unit.chip.emv.card import (
    AID,
    ARQC,
    CORE,
    GPO,
    LOCATOR,
    PIN_BLOCK,
    SIGNED,
    TDES,
    TERMINAL,
    Card,
    aes_issuer,
    answer,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import Issuer, tlv

ISSUERS = [TDES, aes_issuer(16), aes_issuer(32)]
CARDS = [
    card(issuer, groupings(issuer, extra={0x9207: tlv(0x82, b"\x19\0") + tlv(0x94, LOCATOR)}))
    for issuer in ISSUERS
]
HEADERS = [
    "80A80000", "80AE8000", "80AE9000", "80AE4000", "80AE5000", "80AE0000", "80CA9F36", "80CA9F17",
    "00200080", "00200088", "00820000", "00840000", "00880000", "00B2010C", "00B20114",
    "8C240000", "8C240002", "84240002", "0CDA9F14", "04DA9F14", "0CDC010C", "04DC010C",
    "8C1E0000", "8C180000", "841E0000", "8C160000",
]  # fmt: skip
data = (
    st.sampled_from([b"", b"\x83\2\x08\x40", TERMINAL, b"00" + bytes(20), PIN_BLOCK, bytes(96)])
    | st.binary(max_size=255)
    | st.binary(max_size=60).map(lambda each: tlv(0x81, each) + tlv(0x8E, bytes(4)))
)
commands = st.builds(
    lambda header, body: header + (bytes((len(body),)) + body if body else b""),
    st.sampled_from([bytes.fromhex(each) for each in HEADERS]) | st.binary(min_size=4, max_size=4),
    data,
)


@given(st.sampled_from(CARDS), st.booleans(), st.lists(commands, max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_commands_get_an_answer(base: Card, contactless: bool, sent: list[bytes]) -> None:
    applet = restarted(base.applet)
    applet.contactless = contactless
    subject = Card(applet)
    subject.select()
    for command in sent:
        response, status = subject.send(command)
        assert len(response) <= 256
        assert status >> 12 in (6, 9)
        assert status == 0x9000 or not response


@given(st.sampled_from([0, 1]), data, data)
@settings(max_examples=100, deadline=None)
def test_any_data_within_a_transaction_get_an_answer(at: int, first: bytes, second: bytes) -> None:
    subject = Card(restarted(CARDS[at].applet))
    subject.select()
    subject.send(GPO)
    for p1, body in ((ARQC | SIGNED, first), (ARQC, TERMINAL), (0x40, second)):
        _, status = subject.generate(p1, body)
        assert status in (0x9000, 0x6700, 0x6985, 0x6A86)


objects = st.lists(
    st.tuples(
        st.sampled_from([0x8C, 0x8D, 0x8E, 0x9F46, 0x9F47, 0x9F48, 0x9F49, 0x90, 0x5A]),
        st.binary(max_size=40),
    ),
    max_size=6,
).map(lambda pairs: b"".join(tlv(tag, value) for tag, value in pairs))


@given(
    st.sampled_from(ISSUERS),
    st.dictionaries(
        st.sampled_from([0x0202, 0x0301, 0x0302]), objects.map(lambda each: tlv(0x70, each))
    ),
    st.dictionaries(
        st.sampled_from([0x9102, 0x9103, 0x9104, 0x9207, 0x9010, 0x3001, 0xA001, 0x8201, 0x8303]),
        st.binary(max_size=60),
    ),
    st.lists(commands, max_size=4),
)
@settings(max_examples=200, deadline=None)
def test_any_groupings_are_refused_or_work(
    issuer: Issuer, records: dict[int, bytes], others: dict[int, bytes], sent: list[bytes]
) -> None:
    applet = EmvApplet(AID)
    try:
        for grouping, value in {**groupings(issuer), **records, **others}.items():
            applet.store(grouping, value, encrypted=grouping in EmvApplet.ENCRYPTED)
        applet.close_personalization()
    except Refusal as refusal:
        assert refusal.status in (0x6A80, 0x6985)  # noqa: PT017 - or it works
        return
    applet.select()
    for command in (GPO, *sent):
        assert answer(applet, command)[1] >> 12 in (6, 9)


@pytest.mark.parametrize("issuer", ISSUERS, ids=["tdes", "16", "32"])
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_lists_in_a_record_only_refuse(issuer: Issuer, drawn: st.DataObject) -> None:
    """UPDATE RECORD may put any list there; nothing but the command that needs it suffers."""
    subject = card(issuer, groupings(issuer, data=None if issuer.is_aes else CORE))
    lists = drawn.draw(objects)
    subject.applet.store(0x0202, tlv(0x70, lists), encrypted=False)
    subject.select()
    subject.ok(GPO)
    size = drawn.draw(st.integers(0, 60))
    for p1 in (ARQC | SIGNED, ARQC, 0x40):
        assert subject.generate(p1, bytes(size))[1] in (0x9000, 0x6700, 0x6985, 0x6A80, 0x6A86)
