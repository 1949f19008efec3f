from __future__ import annotations

import string
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.dgi import parse_all
from cardwright.iso import tlv
from cardwright.iso.luhn import check_digit
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, Track1, Track2
from cardwright.issuer.registration import AccountRange
from cardwright.secret import SecretText
from services.dataprep.domain.account import Account
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import Draft, draft
from services.dataprep.domain.faults import AnomalyError, RefusedError
from services.dataprep.domain.request import CardRequest
from services.dataprep.domain.sections import Sections
from tests.unit.dataprep.fakes import (
    BADGE,
    BANK,
    CREDENTIAL,
    DEBIT,
    OLD_BADGE,
    TODAY,
    WORKS,
)

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
NAME = st.text(string.ascii_letters + "éüñç", min_size=1, max_size=12)


def _request(**changes: Any) -> CardRequest:
    base = CardRequest("aurora-bank", "req-0001", SecretText("Marlowe"), SecretText("Ines"))
    return replace(base, **changes)


def _badge_request(**changes: Any) -> CardRequest:
    fields: dict[str, Any] = {
        "issuer": WORKS.name,
        "employee_number": SecretText("A-004217"),
        "department": SecretText("Hydraulics"),
        "photo": b"portrait",
    }
    return _request(**(fields | changes))


def _debit(request: CardRequest, length: int = 16) -> Draft:
    account_range = AccountRange(bin="999999", length=length)
    issuer = BANK.model_copy(update={"account_range": account_range})
    return draft(CARD, request, DEBIT, issuer, waived=(), today=TODAY)


def _badge(request: CardRequest) -> Draft:
    return draft(CARD, request, BADGE, WORKS, waived=(), today=TODAY)


def _account(pan: str, sequence_number: str = "01", cvv: str = "123") -> Account:
    return Account(
        pan=Pan(pan),
        sequence_number=sequence_number,
        expiry=Expiry(2029, 11),
        cvv=SecretText(cvv),
        cvv2=SecretText("456"),
        icvv=SecretText("789"),
        issued=False,
    )


def _objects(sections: Sections) -> dict[int, bytes]:
    """All data objects of the records that inspection expects."""
    return {
        item.tag: item.value
        for _, _, content in sections.inspection.applications[0].records
        for template in tlv.parse(content)
        for item in template.children()
    }


def test_a_debit_card_shows_what_its_design_asks_for() -> None:
    sections = compose(_debit(_request()), _account("9999990000000006"))
    assert sections.print.design == "emv-debit/v1"
    assert sections.print.photo == b""
    assert sections.print.text == {
        "issuer_name": "Aurora Bank",
        "pan_groups": "9999 9900 0000 0006",
        "expiry_mmyy": "11/29",
        "name": "INES MARLOWE",
        "cvv2": "456",
        "card_id": CARD,
    }
    assert sections.stripe is not None
    assert sections.stripe.track1 == "%B9999990000000006^MARLOWE/INES^291120100000123?"
    assert sections.stripe.track2 == ";9999990000000006=291120100000123?"
    assert sections.keys.applications[0].masters == {
        "MK-AC": "aurora-bank/IMK-AC",
        "MK-SMI": "aurora-bank/IMK-SMI",
        "MK-SMC": "aurora-bank/IMK-SMC",
    }
    assert sections.keys.diversifier == "9999990000000006"
    assert sections.keys.sequence_number == "01"


def test_version_1_makes_the_octets_that_it_always_made() -> None:
    """Cards of it are in the field: what is made for the next one must be the same."""
    sections = compose(_debit(_request()), _account("9999990000000006"))
    assert b"".join(sections.chip.applications[0].dgis) == bytes.fromhex(
        """
        0101 23 7021 57109999990000000006D291120100000789 5F200C4D41524C4F57452F494E4553
        0201 39 7037 5A089999990000000006 5F2403291130 5F2503261122 5F28020372 5F30020201
                     5F340101 9F0702FF00 9F08020001 9F42020978 9F440102
        0202 5A 7058 8C159F02069F03069F1A0295055F2A029A039C019F3704
                     8D178A029F02069F03069F1A0295055F2A029A039C019F3704
                     8E0E000000000000000042035E031F03
                     9F0D05FCF8FCF8F0 9F0E050000000000 9F0F05FCF8FCF8F0
        9102 1C A51A 501043415244575249474854204445424954 870101 5F2D02656E
        9104 0E 82021800 94080801010010010200
        """
    )


def test_the_issuers_own_key_version_counts() -> None:
    issuer = BANK.model_copy(update={"masters": {"IMK-AC": "aurora-bank/IMK-AC#7"}})
    item = replace(_debit(_request()), issuer=issuer)
    masters = compose(item, _account("9999990000000006")).keys.applications[0].masters
    assert masters["MK-AC"] == "aurora-bank/IMK-AC#7"
    assert masters["MK-SMI"] == "aurora-bank/IMK-SMI#1"


def test_the_three_verification_values_are_where_they_belong() -> None:
    sections = compose(_debit(_request()), _account("9999990000000006"))
    assert sections.stripe is not None
    assert sections.stripe.track2.endswith("00000123?")
    assert _objects(sections)[0x57].hex().upper().rstrip("F").endswith("00000789")
    printed = " ".join(sections.print.text.values())
    assert "456" in printed
    assert "123" not in printed
    assert not any(b"456" in dgi for dgi in sections.chip.applications[0].dgis)


@given(
    NAME,
    NAME,
    st.integers(12, 19).flatmap(lambda n: st.text(string.digits, min_size=n - 7, max_size=n - 7)),
    st.integers(0, 99),
    st.integers(0, 999),
)
def test_tracks_and_chip_say_what_went_in(
    surname: str, given_names: str, middle: str, psn: int, cvv: int
) -> None:
    digits = f"999999{middle}"
    digits += check_digit(digits)
    request = _request(surname=SecretText(surname), given_names=SecretText(given_names))
    account = _account(digits, f"{psn:02d}", f"{cvv:03d}")
    item = _debit(request, len(digits))
    sections = compose(item, account)
    assert sections.stripe is not None

    track1 = Track1.parse(SecretText(sections.stripe.track1))
    track2 = Track2.parse(SecretText(sections.stripe.track2))
    assert track1.pan == track2.pan == Pan(digits)
    assert track1.name == item.names.stripe
    assert track1.expiry == track2.expiry == account.expiry
    assert track1.service_code.digits == track2.service_code.digits == "201"
    assert track1.discretionary.reveal() == track2.discretionary.reveal() == f"00000{cvv:03d}"

    objects = _objects(sections)
    assert objects[0x5A].hex().rstrip("f") == digits
    assert objects[0x5F20] == item.names.stripe.reveal().encode()
    assert objects[0x5F24].hex() == "291130"
    assert objects[0x5F25].hex() == "261122"
    assert objects[0x5F34].hex() == f"{psn:02d}"
    assert objects[0x57].hex().rstrip("f") == f"{digits}d2911201" + "00000789"


@pytest.mark.parametrize("kind", ["debit", "badge"])
def test_inspection_expects_what_the_others_are_told_to_make(kind: str) -> None:
    if kind == "debit":
        sections = compose(_debit(_request()), _account("9999990000000006"))
        assert sections.stripe is not None
        assert sections.inspection.track1 == sections.stripe.track1
        assert sections.inspection.track2 == sections.stripe.track2
    else:
        sections = compose(_badge(_badge_request()), None, CREDENTIAL)
        assert sections.stripe is None
        assert (sections.inspection.track1, sections.inspection.track2) == ("", "")
    stored = {dgi.id: dgi.value for dgi in parse_all(b"".join(sections.chip.applications[0].dgis))}
    assert sections.inspection.applications[0].records
    for sfi, number, content in sections.inspection.applications[0].records:
        assert stored[sfi << 8 | number] == content
    names = [item.instance_aid for item in sections.chip.applications]
    assert [item.instance_aid for item in sections.inspection.applications] == names
    assert sections.inspection.barcode == CARD


def test_a_badge_holds_the_employee() -> None:
    sections = compose(_badge(_badge_request()), None, CREDENTIAL)
    assert sections.print.photo == b"portrait"
    assert sections.print.text == {
        "issuer_name": "Borealis Works",
        "name": "Ines Marlowe",
        "department": "Hydraulics",
        "employee_no": "A-004217",
        "badge_no": "118-01603",
        "card_id": CARD,
    }
    objects = _objects(sections)
    assert objects[0xDF02] == b"A-004217"
    assert objects[0xDF04] == CARD.encode()
    assert objects[0x5F24] == b"2031-11-30"
    assert sections.keys.applications[0].masters == {"BADGE": "borealis-works/BADGE"}
    assert sections.keys.diversifier == f"{uuid.UUID(CARD).int % 10**19:019d}"
    assert sections.keys.sequence_number == "00"
    aid = BADGE.chip.instance_aid  # type: ignore[union-attr]  # a badge has one application
    assert sections.keys.applications[0].badge_diversifier == uuid.UUID(CARD).bytes + aid + b"DOORS"


def test_a_badges_number_is_for_the_door_alone() -> None:
    sections = compose(_badge(_badge_request()), None, CREDENTIAL)
    bits = bytes.fromhex("DF050506BB032180")
    assert bytes.fromhex("150108") + bits in sections.chip.applications[0].dgis
    assert not any(bits in content for _, _, content in sections.inspection.applications[0].records)


def test_a_badge_of_version_1_has_no_number() -> None:
    request = _badge_request()
    sections = compose(draft(CARD, request, OLD_BADGE, WORKS, waived=(), today=TODAY), None)
    assert "badge_no" not in sections.print.text
    assert not any(dgi[0] >= 21 for dgi in sections.chip.applications[0].dgis if dgi[0] < 0x1F)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"employee_number": SecretText("")}, "EMPLOYEE_MISSING"), ({"photo": b""}, "PHOTO_MISSING")],
)
def test_a_badge_needs_its_parts(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as raised:
        _badge(_badge_request(**changes))
    assert raised.value.code == code


def test_texts_beyond_a_record_are_refused() -> None:
    with pytest.raises(RefusedError) as raised:
        compose(_badge(_badge_request(department=SecretText("水" * 80))), None, CREDENTIAL)
    assert raised.value.code == "RECORD_LENGTH"


def test_waiving_lets_the_anomaly_pass_and_no_other() -> None:
    request = _request(surname=SecretText("Łukasz"), expiry="4001")
    for waived, code in (((), "NAME_CHARACTER"), (("NAME_CHARACTER",), "EXPIRY_FAR")):
        with pytest.raises(AnomalyError) as raised:
            draft(CARD, request, DEBIT, BANK, waived=waived, today=TODAY)
        assert raised.value.code == code
    both = ("NAME_CHARACTER", "EXPIRY_FAR")
    assert draft(CARD, request, DEBIT, BANK, waived=both, today=TODAY).expiry.yymm == "4001"


def test_nothing_personal_prints() -> None:
    item, account = _debit(_request()), _account("9999990000000006")
    shown = repr(item) + repr(account) + repr(compose(item, account))
    for secret in ("9999990000000006", "9999 9900", "MARLOWE", "Marlowe", "456"):
        assert secret not in shown
