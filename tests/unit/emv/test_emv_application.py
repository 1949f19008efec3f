from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pyemv.tlv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.application import EmvApplication, OfflineAuthentication, build
from cardwright.emv.card_values import CardValues, card_objects
from cardwright.emv.errors import EmvError
from cardwright.emv.oda.certificate import ICC_TAGS, KeyCertificate
from cardwright.emv.oda.icc import CardSubject, certify_icc, recover_icc
from cardwright.emv.oda.static_data import static_data
from cardwright.emv.plan import plan
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_parts import Method
from cardwright.emv.records import RECORD_TEMPLATE, read_locator
from cardwright.emv.rsa import public_of
from cardwright.iso import luhn, tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretText
from tests.unit.emv.oda_kit import issuer_key
from tests.unit.emv.profile_kit import CARD, document, profile, profiles
from tests.unit.emv.rsa_kit import rsa_key

cards = st.builds(
    lambda body, psn, expiry, digits, name: dataclasses.replace(
        CARD,
        pan=Pan(body + luhn.check_digit(body)),
        psn=f"{psn:02d}",
        expiry=expiry,
        track2_discretionary=SecretText(digits),
        stripe_name=SecretText(name),
    ),
    st.text("0123456789", min_size=11, max_size=18),
    st.integers(0, 99),
    st.builds(Expiry, st.integers(2027, 2099), st.integers(1, 12)),
    st.text("0123456789", max_size=11),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ/ ", min_size=2, max_size=26),
)


def groupings(application: EmvApplication) -> dict[int, bytes]:
    return {dgi.id: dgi.value for dgi in application.dgis}


def filled(authentication: OfflineAuthentication, values: dict[int, bytes]) -> dict[int, bytes]:
    """What the security module does: put its values into the templates."""
    return {
        template.sfi << 8 | template.number: tlv.encode(
            RECORD_TEMPLATE,
            tlv.encode_all(
                (tag, values[tag] if value is None else value) for tag, value in template.objects
            ),
        )
        for template in authentication.records
    }


def test_the_groupings_of_a_card_with_both_interfaces() -> None:
    application = build(profile(), CARD)
    found = groupings(application)
    assert list(found) == [0x0101, 0x0201, 0x9102, 0x9104, 0x9207, 0xA001]
    assert application.aid.hex() == "f0434152445701"
    assert application.records == application.dgis[:2]
    assert found[0x9104].hex() == "82023900940c" + application.afl.hex()
    assert found[0x9207].hex() == "82023900940c" + application.contactless_afl.hex()
    label = "500a" + b"TEST DEBIT".hex()
    assert found[0x9102].hex() == "a516" + label + "870101" + "5f2d04" + b"enfr".hex()
    assert found[0xA001].hex() == "9f100706011203000000" + "9f140103" + "9f230105"


def test_an_instance_has_an_aid_of_its_own() -> None:
    aid = bytes.fromhex("F043415244570102")
    assert build(profile(), CARD, aid).aid == aid


def test_contactless_is_selected_by_itself_where_it_asks_something_else() -> None:
    application = build(profile({"contactless.pdol": ["9F66", "9F37"]}), CARD)
    found = groupings(application)
    assert tlv.find(found[0x9102], 0xA5, 0x9F38) is None
    assert tlv.find(found[0x9103], 0xA5, 0x9F38) == bytes.fromhex("9F66049F3704")


def test_the_answer_to_select_holds_what_the_profile_adds() -> None:
    changes = {
        "preferred_name": {"text": "CARTE", "code_table": 1},
        "confirmation": True,
        "priority": 2,
        "contact.pdol": ["9F1A"],
        "discretionary": {"9F4D": "0B0A", "5F55": "4945"},
    }
    answer = groupings(build(profile(changes), CARD))[0x9102]
    template = tlv.find(answer, 0xA5)
    assert template is not None
    assert [(o.tag, o.value.hex()) for o in tlv.parse(template)] == [
        (0x50, b"TEST DEBIT".hex()),
        (0x87, "82"),
        (0x9F38, "9f1a02"),
        (0x5F2D, b"enfr".hex()),
        (0x9F11, "01"),
        (0x9F12, b"CARTE".hex()),
        (0xBF0C, "9f4d020b0a5f55024945"),
    ]


@given(profiles(), cards)
def test_a_terminal_reads_the_card_back(found: Profile, card: CardValues) -> None:
    """By another parser: pyemv reads what was built and planned."""
    application = build(found, card)
    records = {dgi.id: dgi.value for dgi in application.records}
    own = card_objects(card)
    for interface, afl in zip(
        found.interfaces, (application.afl, application.contactless_afl), strict=False
    ):
        read: dict[str, bytes] = {}
        for item in read_locator(afl):
            content = records.get(item.sfi << 8 | item.number)
            if content is not None:
                assert len(content) <= 254
                read |= pyemv.tlv.decode(content)["70"]
        assert {tag: read[f"{tag:X}"] for tag in own} == own
        assert read["8C"] == found.settings(interface).cdol1.encode()
        assert read["9F0F"] == found.settings(interface).action_codes.online
        assert read["5A"].hex().rstrip("f") == card.pan.digits()
        assert read["5F24"].hex() == card.expiry.last_day().strftime("%y%m%d")


@given(profiles(), cards)
def test_records_and_templates_together_are_what_the_locators_name(
    found: Profile, card: CardValues
) -> None:
    application = build(found, card)
    own = application.authentication
    other = application.contactless_authentication
    templates = {
        interface: {(t.sfi, t.number) for a in parts if a is not None for t in a.records}
        for interface, parts in (
            (Interface.CONTACT, (own,)),
            (Interface.CONTACTLESS, (own, other)),
        )
    }
    plain = {(dgi.id >> 8, dgi.id & 0xFF) for dgi in application.records}
    planned = {record.position: record for record in plan(found).records}
    for interface, afl in (
        (Interface.CONTACT, application.afl),
        (Interface.CONTACTLESS, application.contactless_afl),
    ):
        named = {(item.sfi, item.number) for item in read_locator(afl)}
        assert named <= plain | templates[interface]
        assert named == {p for p, r in planned.items() if interface in r.interfaces} & named
    assert plain | templates[Interface.CONTACTLESS] == planned.keys()
    assert not plain & templates[Interface.CONTACTLESS]


@given(profiles(), cards)
def test_static_data_are_what_a_terminal_collects(found: Profile, card: CardValues) -> None:
    application = build(found, card)
    if application.authentication is None:
        return
    content = {dgi.id: dgi.value for dgi in application.records}
    signed = b"".join(
        tlv.find(content[item.sfi << 8 | item.number], RECORD_TEMPLATE) or b""
        for item in read_locator(application.afl)
        if item.signed
    )
    keys = found.authentication
    assert keys is not None
    expected = signed + (found.contact.aip if keys.sign_aip else b"")
    assert application.authentication.static_data.reveal() == expected
    assert application.authentication.method is Method.CDA
    assert application.authentication.icc_bits == keys.icc_bits


def test_a_terminal_verifies_what_the_module_makes_of_the_plan() -> None:
    """Real keys and certificates in the templates, then a terminal that knows only the card."""
    found = profile({"authentication.ca_bits": 1152, "authentication.issuer_bits": 896,
                     "authentication.icc_bits": 768})  # fmt: skip
    application = build(found, CARD)
    authentication = application.authentication
    assert authentication is not None
    issuer = issuer_key(896)
    own = public_of(rsa_key(768, 3, "icc"))
    subject = CardSubject(CARD.pan, CARD.expiry, 1)
    certificate = certify_icc(issuer, own, subject, authentication.static_data)
    values = dict(certificate.objects(ICC_TAGS)) | {
        0x90: bytes(144), 0x92: bytes(4), 0x9F32: b"\x03",
    }  # fmt: skip
    records = {dgi.id: dgi.value for dgi in application.records} | filled(authentication, values)
    for template in authentication.records:
        assert len(records[template.sfi << 8 | template.number]) == template.length

    located = read_locator(application.afl)
    read: dict[int, bytes] = {}
    for item in located:
        content = tlv.find(records[item.sfi << 8 | item.number], RECORD_TEMPLATE)
        assert content is not None
        read |= {o.tag: o.value for o in tlv.parse(content)}
    signed = static_data(
        [(i.sfi, records[i.sfi << 8 | i.number]) for i in located if i.signed],
        read[0x9F4A],
        tlv.find(groupings(application)[0x9104], 0x82) or b"",
    )
    recovered = recover_icc(
        public_of(issuer.private),
        KeyCertificate(read[0x9F46], read.get(0x9F48, b""), read[0x9F47]),
        CARD.pan,
        dt.date(2026, 3, 1),
        signed,
    )
    assert recovered.key == own


def test_other_static_data_are_told_apart() -> None:
    application = build(profile({"contactless.aip": ["cda"]}), CARD)
    own, other = application.authentication, application.contactless_authentication
    assert own is not None
    assert other is not None
    assert own.static_data.reveal()[-2:].hex() == "3900"
    assert other.static_data.reveal()[-2:].hex() == "0100"
    assert own.static_data.reveal()[:-2] == other.static_data.reveal()[:-2]
    tags = [{tag for t in a.records for tag, _ in t.objects} for a in (own, other)]
    assert 0x90 in tags[0]
    assert tags[1] == {0x9F46}


def test_what_the_module_fills_in_and_what_it_does_not() -> None:
    authentication = build(profile(), CARD).authentication
    assert authentication is not None
    objects = {tag: value for t in authentication.records for tag, value in t.objects}
    assert {tag for tag, value in objects.items() if value is None} == {
        0x90, 0x9F32, 0x9F46, 0x9F47, 0x9F48,
    }  # fmt: skip
    assert (objects[0x8F], objects[0x9F49]) == (b"\xf1", bytes.fromhex("9F3704"))


def test_no_keys_no_certificates() -> None:
    application = build(profile({"authentication": None}), CARD)
    assert application.authentication is None
    assert application.contactless_authentication is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("psn", "1"),
        ("psn", "1x"),
        ("effective", dt.date(2029, 3, 1)),
        ("track2_discretionary", SecretText("12D4")),
        ("track2_discretionary", SecretText("1" * 15)),
        ("stripe_name", SecretText("/")),
        ("stripe_name", SecretText("A" * 27)),
        ("stripe_name", SecretText("É/")),
    ],
    ids=range(8),
)
def test_a_card_value_that_has_no_coding(name: str, value: Any) -> None:
    with pytest.raises(EmvError, match=name) as caught:
        dataclasses.replace(CARD, **{name: value})
    assert caught.value.code == "CARD_VALUE"


def test_a_profile_that_fits_no_record_is_refused() -> None:
    document_ = document({"extra": {"9F1F": "40" * 252}})
    with pytest.raises(EmvError) as caught:
        build(Profile.model_validate(document_), CARD)
    assert caught.value.code == "RECORD_LENGTH"


def test_nothing_of_the_cardholder_prints() -> None:
    shown = repr(CARD) + repr(build(profile(), CARD))
    for part in ("4111", "GARCIA", "12345"):
        assert part not in shown
