from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from cardwright.emv.explain import Explained, explain, explain_directory
from cardwright.emv.plan import plan
from cardwright.emv.profile import Profile
from cardwright.emv.selection import Listed, ppse_groupings, pse_groupings
from cardwright.iso.pan import Pan
from cardwright.secret import SecretText
from tests.unit.emv.profile_kit import CARD, profile, profiles

BOTH = ("contact", "contactless")


def row(tag: str, changes: dict[str, Any] | None = None, place: str = "") -> Explained:
    (found,) = (r for r in explain(profile(changes), CARD) if r.tag == tag and place in r.place)
    return found


@given(profiles())
def test_each_data_object_is_explained_where_it_lies(found: Profile) -> None:
    explained = Counter(
        (r.tag, r.place, r.interfaces, r.signed)
        for r in explain(found, CARD)
        if r.place.startswith("record")
    )
    planned = Counter(
        (
            f"{slot.tag:X}",
            f"record {record.sfi}.{record.number}",
            tuple(interface.value for interface in record.interfaces),
            record.signed,
        )
        for record in plan(found).records
        for slot in record.slots
    )
    assert explained == planned


@given(profiles())
def test_nothing_of_the_cardholder_shows(found: Profile) -> None:
    shown = repr(explain(found, CARD))
    for secret in ("411111111111", "1111111111", "GARCIA", b"GARCIA".hex().upper(), "1234500321"):
        assert secret not in shown


def test_an_account_number_keeps_six_and_four_digits() -> None:
    assert row("5A").value == "411111******1111"
    assert row("57").value == "411111******1111D2902201" + "*" * 10
    assert row("5F20").value == "<12 characters>"


def test_an_odd_number_shows_no_padding() -> None:
    card = dataclasses.replace(CARD, pan=Pan("411111111111116"), stripe_name=SecretText("LI/"))
    shown = {r.tag: r.value for r in explain(profile(), card)}
    assert shown["5A"] == "411111*****1116"
    assert shown["57"].startswith("411111*****1116D2902201***")
    assert shown["5F20"] == "<3 characters>"


@pytest.mark.parametrize(
    ("tag", "origin", "place", "grouping", "signed"),
    [
        ("50", "profile", "SELECT", "9102", False),
        ("57", "computed", "record 1.1", "0101", False),
        ("5F20", "request", "record 1.1", "0101", False),
        ("5A", "request", "record 2.1", "0201", True),
        ("5F25", "computed", "record 2.1", "0201", True),
        ("5F30", "product", "record 1.1", "0101", False),
        ("9F07", "profile", "record 2.1", "0201", True),
        ("90", "security module", "record 3.2", "0302", False),
        ("9F46", "security module", "record 3.1", "0301", False),
    ],
)
def test_a_value_says_whence_it_is(
    tag: str, origin: str, place: str, grouping: str, signed: bool
) -> None:
    found = row(tag)
    assert (found.origin, found.place, found.grouping) == (origin, place, grouping)
    assert (found.interfaces, found.signed) == (BOTH, signed)


def test_bits_rules_and_lists_are_in_words() -> None:
    assert row("9F07").meaning.startswith("domestic_cash, domestic_goods, international_goods")
    assert row("9F0E").meaning == "none"
    assert row("8E").meaning.startswith("X 5000, Y 0: no_cvm under_x, then next; enciphered_pin")
    assert row("8C").meaning == "9F02 9F03 9F1A 95 5F2A 9A 9C 9F37 9F34"
    assert row("5F2D").meaning == "enfr"


def test_what_a_module_makes_has_no_value() -> None:
    made = [r for r in explain(profile(), CARD) if r.origin == "security module"]
    assert all(r.value == r.meaning == "" for r in made)
    assert [r.grouping for r in made if not r.tag] == ["8000", "9000", "8010", "9010", "8201"]
    own_pin_key = explain(profile({"authentication.pin_bits": 1152}), CARD)
    assert "8301" in {r.grouping for r in own_pin_key}


def test_without_pin_and_keys_there_are_master_keys_alone() -> None:
    rules = {"rules": [{"method": "signature", "condition": "always"}]}
    changes = {"authentication": None, "pin_try_limit": None, "contact.cvm": rules}
    made = [r for r in explain(profile(changes), CARD) if r.origin == "security module"]
    assert [r.grouping for r in made] == ["8000", "9000"]


def test_internal_data_are_seen_by_no_terminal() -> None:
    internal = [r for r in explain(profile(), CARD) if r.grouping == "A001"]
    assert [r.tag for r in internal] == ["9F10", "9F14", "9F23"]
    assert {r.interfaces for r in internal} == {()}


def test_two_answers_to_select_are_told_apart() -> None:
    rows = explain(profile({"contactless.pdol": ["9F66"]}), CARD)
    labels = [(r.grouping, r.interfaces) for r in rows if r.tag == "50"]
    assert labels == [("9102", ("contact",)), ("9103", ("contactless",))]
    (asked,) = (r for r in rows if r.tag == "9F38")
    assert (asked.grouping, asked.meaning) == ("9103", "9F66")


def test_a_directory_lists_names_and_kernels() -> None:
    listed = [Listed(bytes.fromhex("F0434152445701"), profile())]
    contacts = explain_directory(pse_groupings(listed))
    assert [(r.tag, r.place) for r in contacts] == [
        ("4F", "record 1.1"),
        ("50", "record 1.1"),
        ("87", "record 1.1"),
        ("88", "SELECT"),
        ("5F2D", "SELECT"),
    ]
    proximity = {r.tag: r.value for r in explain_directory(ppse_groupings(listed))}
    assert (proximity["4F"], proximity["9F2A"]) == ("F0434152445701", "02")
