"""Transactions from SELECT to the second GENERATE AC, against an independent issuer."""

from __future__ import annotations

import pytest
from pyemv import cvn

from cardwright.chip.emv.registers import LAST_ATC
from tests.unit.chip.emv.card import (
    AAC,
    ARQC,
    CORE,
    EXPONENT,
    GPO,
    LOCATOR,
    MODULUS,
    NUMBER,
    SECOND_NUMBER,
    SELECTED,
    SIGNED,
    TC,
    TDES,
    TERMINAL,
    Card,
    aes_issuer,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import Issuer, tlv
from tests.unit.chip.emv.terminal import combined, dynamic_data, objects

# The oracle pyemv takes triple DES from where cryptography no longer wants it taken from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

APPROVE = bytes.fromhex("00800000")
AIP = b"\x3d\0"
KINDS = [
    (TDES, None),
    (TDES, CORE),
    (aes_issuer(16), None),
    (aes_issuer(24), None),
    (aes_issuer(32), None),
]
each_kind = pytest.mark.parametrize(
    ("issuer", "data"), KINDS, ids=["short", "tdes", "aes-16", "aes-24", "aes-32"]
)


def results(response: bytes) -> str:
    """The Card Verification Results of the core format."""
    return objects(response)[0x9F10][3:8].hex()


@pytest.fixture
def core() -> Card:
    return card(TDES, groupings(data=CORE))


@each_kind
def test_a_transaction_goes_online_and_is_approved(issuer: Issuer, data: bytes | None) -> None:
    subject = card(issuer, groupings(issuer, data=data))
    for expected in (1, 2):
        subject.begin()
        first = objects(subject.generate(TC)[0])
        atc = expected.to_bytes(2, "big")
        assert first[0x9F36] == atc
        assert first[0x9F27] == b"\x80"
        signed = TERMINAL + AIP + atc + first[0x9F10]
        assert first[0x9F26] == issuer.cryptogram(atc, signed)
        authentication = issuer.arpc_2(atc, first[0x9F26], APPROVE)
        second = objects(subject.second(TC, authentication)[0])
        assert second[0x9F27] == b"\x40"
        terminal = TERMINAL[:-4] + SECOND_NUMBER
        assert second[0x9F26] == issuer.cryptogram(atc, terminal + AIP + atc + second[0x9F10])
        assert subject.second(TC)[1] == 0x6985


@each_kind
def test_combined_signatures_carry_the_cryptogram(issuer: Issuer, data: bytes | None) -> None:
    """EMV 4.4 Book 2, 6.6, in both GENERATE AC commands."""
    subject = card(issuer, groupings(issuer, data=data))
    subject.begin()
    response, _ = subject.generate(ARQC | SIGNED)
    found = objects(response)
    assert 0x9F26 not in found
    sent = SELECTED + TERMINAL
    information, arqc = combined(MODULUS, EXPONENT, response, NUMBER, sent)
    atc = found[0x9F36]
    assert information == ARQC
    assert arqc == issuer.cryptogram(atc, TERMINAL + AIP + atc + found[0x9F10])
    authentication = issuer.arpc_2(atc, arqc, APPROVE).ljust(16, b"\0")
    response, _ = subject.second(TC | SIGNED, authentication)
    sent += b"00" + authentication + SECOND_NUMBER
    information, _ = combined(MODULUS, EXPONENT, response, SECOND_NUMBER, sent)
    assert information == TC


def test_a_refusal_is_never_signed(core: Card) -> None:
    core.begin()
    found = objects(core.generate(AAC | SIGNED)[0])
    assert found[0x9F27] == b"\0"
    assert 0x9F4B not in found
    assert core.second(TC)[1] == 0x6985


def test_dynamic_data_authentication_signs_the_terminal_s_number(core: Card) -> None:
    core.begin()
    challenge = bytes.fromhex("0088000004") + NUMBER + b"\0"
    numbers = set()
    for _ in range(2):
        signature = objects(core.ok(challenge))[0x9F4B]
        data = dynamic_data(MODULUS, EXPONENT, signature, NUMBER)
        assert data[0] == len(data) - 1
        numbers.add(data)
    assert len(numbers) == 2
    assert core.status("0088000005" + "00" * 5) == 0x6700
    assert core.status("0088010004" + "00" * 4) == 0x6A86
    assert results(core.generate(ARQC)[0])[:2] == "a4"


def test_without_a_list_of_its_own_the_card_signs_the_terminal_s() -> None:
    record = tlv(0x70, tlv(0x9F46, bytes(138)) + tlv(0x9F47, b"\3"))
    subject = card(TDES, groupings(extra={0x0302: record}))
    subject.begin()
    data = bytes(range(20))
    signature = objects(subject.ok(bytes.fromhex("0088000014") + data))[0x9F4B]
    assert len(dynamic_data(MODULUS, EXPONENT, signature, data)) == 9
    assert subject.status("00880000") == 0x6700


def test_what_the_profile_does_not_promise_is_refused() -> None:
    subject = card(TDES, groupings(aip=0x18))
    subject.begin()
    assert subject.status("0088000004DEADBEEF") == 0x6985
    assert subject.generate(ARQC | SIGNED)[1] == 0x6A86
    assert subject.generate(ARQC)[1] == 0x9000
    assert subject.status("008200000A" + "00" * 10) == 0x6985


def test_a_card_that_lost_its_key_signs_nothing(core: Card) -> None:
    del core.applet.groupings[0x8203]
    core.begin()
    assert core.status("0088000004DEADBEEF") == 0x6985
    assert 0x9F4B not in objects(core.generate(ARQC | SIGNED)[0])


@pytest.mark.parametrize("p1", [0xC0, 0x08, 0x18, 0x20, 0x81])
def test_other_reference_control_parameters_are_refused(core: Card, p1: int) -> None:
    core.begin()
    assert core.generate(p1)[1] == 0x6A86


def test_commands_come_in_their_order(core: Card) -> None:
    core.select()
    assert core.generate(ARQC)[1] == 0x6985
    assert core.status("0088000004DEADBEEF") == 0x6985
    assert core.status(GPO) == 0x9000
    assert core.status(GPO) == 0x6985
    assert core.generate(ARQC, TERMINAL[:-1])[1] == 0x6700
    assert core.generate(ARQC)[1] == 0x9000
    assert core.status("0088000004DEADBEEF") == 0x6985
    assert core.second(ARQC)[1] == 0x6A86
    assert core.generate(TC)[1] == 0x6700
    assert core.second(AAC)[1] == 0x9000
    assert core.second(AAC)[1] == 0x6985
    core.begin()
    assert core.atc() == b"\0\2"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("80A800000283" + "0000", 0x6700),
        ("80A8000002840000", 0x6A80),
        ("80A80100048302084000", 0x6A86),
        ("80A8000003830208", 0x6A80),
    ],
)
def test_processing_options_need_what_was_asked(core: Card, command: str, status: int) -> None:
    core.select()
    assert core.status(command) == status
    assert core.atc() == b"\0\0"


def test_registers_are_told() -> None:
    subject = card()
    subject.select()
    assert subject.ok("80CA9F1700").hex() == "9f170103"
    assert subject.ok("80CA9F1300").hex() == "9f13020000"
    arqc = subject.online()
    assert subject.ok("80CA9F3600").hex() == "9f36020001"
    subject.second(TC, TDES.arpc_2(b"\0\1", arqc, APPROVE))
    assert subject.ok("80CA9F1300").hex() == "9f13020001"
    assert subject.status("80CA9F4F00") == 0x6A88
    assert subject.status("80CA9F360100") == 0x6700


def test_a_card_without_a_pin_tells_no_tries() -> None:
    values = groupings()
    del values[0x8010], values[0x9010]
    subject = card(TDES, values)
    subject.select()
    assert subject.status("80CA9F1700") == 0x6A88
    assert objects_of_first(subject)[0x9F10].hex() == "06011203a00000"


def objects_of_first(subject: Card) -> dict[int, bytes]:
    subject.begin()
    return objects(subject.generate(ARQC)[0])


def test_the_transaction_counter_begins_where_it_is_told() -> None:
    subject = card(TDES, groupings(internal=bytes.fromhex("9F36020100")))
    subject.begin()
    assert subject.atc() == b"\1\1"


def test_the_application_is_blocked_at_the_end_of_its_counter(core: Card) -> None:
    """EMV 4.4 Book 2, D3."""
    core.applet.counters["atc"] = LAST_ATC - 2
    assert objects_of_first(core)[0x9F27] == b"\x80"
    last = objects_of_first(core)
    assert last[0x9F36] == b"\xff\xff"
    assert last[0x9F27] == b"\0"
    assert core.select() == 0x6283
    assert core.status(GPO) == 0x6985
    script = core.issuer.script(last[0x9F26])
    assert core.status(script.command("8C180000")) == 0x6985  # SELECT ended that transaction
    again = Card(restarted(core.applet))
    assert again.select() == 0x6283
    assert again.status(GPO) == 0x6985


def test_over_the_antenna_other_options_are_answered() -> None:
    contactless = tlv(0x82, b"\x19\x80") + tlv(0x94, LOCATOR) + tlv(0x9F10, b"x")
    other = tlv(0xA5, tlv(0x50, b"TAP") + bytes.fromhex("9F38039F6604"))
    subject = card(TDES, groupings(extra={0x9207: contactless, 0x9103: other}))
    contact = subject.applet.select()
    subject.applet.contactless = True
    assert subject.applet.select().endswith(other)
    assert not contact.endswith(other)
    assert subject.ok("80A80000068304" + "26000000" + "00") == tlv(0x77, contactless)
    found = objects(subject.generate(ARQC)[0])
    signed = TERMINAL + b"\x19\x80" + found[0x9F36] + found[0x9F10]
    assert found[0x9F26] == TDES.cryptogram(found[0x9F36], signed)


def test_each_interface_has_the_lists_of_its_own_records() -> None:
    lists = tlv(0x70, tlv(0x8C, bytes.fromhex("9F3704")) + tlv(0x8D, bytes.fromhex("8A02")))
    contactless = tlv(0x82, b"\x18\0") + tlv(0x94, bytes.fromhex("0801010020010100"))
    subject = card(TDES, groupings(extra={0x9207: contactless, 0x0401: lists}))
    subject.applet.contactless = True
    subject.begin()
    assert subject.generate(ARQC)[1] == 0x6700
    found = objects(subject.generate(ARQC, NUMBER)[0])
    signed = SELECTED + NUMBER + b"\x18\0" + found[0x9F36] + found[0x9F10]
    assert found[0x9F26] == TDES.cryptogram(found[0x9F36], signed)
    subject.applet.contactless = False
    subject.begin()
    assert subject.generate(ARQC)[1] == 0x9000


def test_without_lists_the_antenna_gives_no_cryptogram() -> None:
    contactless = tlv(0x82, b"\0\0") + tlv(0x94, bytes.fromhex("08010100"))
    subject = card(TDES, groupings(extra={0x9207: contactless}))
    subject.applet.contactless = True
    subject.begin()
    assert subject.ok("00B2010C00")
    assert subject.status("80AE800000") == 0x6985


def test_visa_s_version_10_signs_with_the_master_key() -> None:
    """Against pyemv's Visa cryptogram version 10."""
    subject = card(TDES, groupings(data=bytes.fromhex("06010A03000000")))
    subject.begin()
    found = objects(subject.generate(ARQC)[0])
    visa = cvn.VisaCVN10(TDES.ac, TDES.smi, TDES.smc, "1234567890123456")
    visa.icc_mk_ac = TDES.ac
    results = found[0x9F10][3:7]
    assert results.hex() == "03a00000"
    fields = (TERMINAL[:6], TERMINAL[6:12], TERMINAL[12:14], TERMINAL[14:19], TERMINAL[19:21])
    expected = visa.generate_ac(
        *fields, TERMINAL[21:24], TERMINAL[24:25], NUMBER, AIP, found[0x9F36], results
    )
    assert found[0x9F26] == expected
    answer = visa.generate_arpc(expected, b"00") + b"00"
    assert subject.status(bytes.fromhex("008200000A") + answer) == 0x9000


def test_a_card_for_contacts_alone_declines_the_antenna() -> None:
    subject = card()
    subject.applet.contactless = True
    subject.select()
    assert subject.status(GPO) == 0x6985


def limits(lower: int, upper: int) -> dict[int, bytes]:
    return groupings(
        data=CORE, internal=tlv(0x9F14, bytes((lower,))) + tlv(0x9F23, bytes((upper,)))
    )


def test_a_card_with_limits_approves_offline_up_to_them() -> None:
    subject = card(TDES, limits(2, 3))
    for _ in range(2):
        subject.begin()
        assert objects(subject.generate(TC)[0])[0x9F27] == b"\x40"
    subject.begin()
    response, _ = subject.generate(TC)
    assert objects(response)[0x9F27] == b"\x80"
    assert results(response) == "a030800000"
    response, _ = subject.second(TC, response_code=b"Y3")
    assert objects(response)[0x9F27] == b"\x40"
    assert results(response) == "6230800100"
    subject.begin()
    subject.generate(TC)
    response, _ = subject.second(TC, response_code=b"Z3")
    assert objects(response)[0x9F27] == b"\0"
    assert results(response) == "2230c00100"


def test_an_approval_online_lets_the_card_go_on_offline() -> None:
    subject = card(TDES, limits(1, 1))
    subject.begin()
    assert objects(subject.generate(TC)[0])[0x9F27] == b"\x40"
    arqc = subject.online()
    answer = TDES.arpc_1(subject.atc(), arqc, b"00")
    assert subject.status(bytes.fromhex("008200000A") + answer) == 0x9000
    assert objects(subject.second(TC)[0])[0x9F27] == b"\x40"
    subject.begin()
    assert objects(subject.generate(TC)[0])[0x9F27] == b"\x40"


def test_method_1_may_come_within_the_second_command() -> None:
    subject = card(TDES, groupings(cdol2=bytes.fromhex("910A8A02")))
    arqc = subject.online()
    answer = TDES.arpc_1(subject.atc(), arqc, b"00")
    assert objects(subject.generate(TC, answer + b"00")[0])[0x9F27] == b"\x40"


def test_a_card_without_limits_declines_what_cannot_go_online(core: Card) -> None:
    core.online()
    assert objects(core.second(TC, response_code=b"Y3")[0])[0x9F27] == b"\0"


def test_a_broken_off_transaction_is_told_until_one_is_finished(core: Card) -> None:
    core.online()
    core.begin()
    response, _ = core.generate(ARQC)
    assert results(response) == "a031000000"
    arqc = objects(response)[0x9F26]
    response, _ = core.second(TC, TDES.arpc_2(core.atc(), arqc, APPROVE))
    assert results(response) == "6030000000"
    assert results(_first(core)) == "a030000000"


def _first(subject: Card) -> bytes:
    subject.begin()
    return subject.generate(ARQC)[0]


def test_a_declined_authentication_of_data_is_told_next_time(core: Card) -> None:
    core.begin()
    failed = bytearray(TERMINAL)
    failed[14] = 0x04  # the TVR's first octet: CDA failed
    core.generate(AAC, bytes(failed))
    assert results(_first(core)) == "a030000400"
    assert results(_first(core)) == "a031000000"


def test_a_transaction_list_may_leave_the_issuer_s_answer_out() -> None:
    subject = card(TDES, groupings(cdol2=bytes.fromhex("8A02"), aip=0x38))
    subject.online()
    response, _ = subject.generate(TC, b"00")
    assert objects(response)[0x9F27] == b"\x40"
    assert objects(response)[0x9F10].hex() == "06011203600000"
    assert subject.ok("80CA9F1300").hex() == "9f13020001"
