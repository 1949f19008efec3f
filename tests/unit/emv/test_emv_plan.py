from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from cardwright.emv.errors import EmvError
from cardwright.emv.plan import Plan, PlannedRecord, plan
from cardwright.emv.plan_slots import Origin, authenticates, slots
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.records import read_locator
from tests.unit.emv.profile_kit import profile, profiles

BOTH = (Interface.CONTACT, Interface.CONTACTLESS)


def record_of(planned: Plan, tag: int, interface: Interface = Interface.CONTACT) -> PlannedRecord:
    (found,) = (
        record
        for record in planned.records
        if interface in record.interfaces and tag in {slot.tag for slot in record.slots}
    )
    return found


def lengths(planned: Plan) -> dict[int, int]:
    return {slot.tag: slot.length for record in planned.records for slot in record.slots}


@given(profiles())
def test_each_interface_reads_exactly_its_data_objects(found: Profile) -> None:
    planned = plan(found)
    for interface in found.interfaces:
        located = read_locator(planned.locators[interface])
        by_position = {record.position: record for record in planned.records}
        read = [by_position[item.sfi, item.number] for item in located]
        assert len(set(read)) == len(read)
        assert set(read) == {r for r in planned.records if interface in r.interfaces}
        tags = [slot.tag for record in read for slot in record.slots]
        assert sorted(tags) == sorted(slot.tag for slot in slots(found, interface))
        assert len(set(tags)) == len(tags), "Book 3, 10.2: no data object is there twice"


@given(profiles())
def test_records_keep_their_limits(found: Profile) -> None:
    planned = plan(found)
    assert all(record.length <= 254 for record in planned.records)
    assert all(1 <= r.sfi <= 10 and 1 <= r.number <= 255 for r in planned.records)
    positions = [record.position for record in planned.records]
    assert len(set(positions)) == len(positions)
    for locator in planned.locators.values():
        assert len(locator) <= 252


@given(profiles())
def test_what_is_signed_is_what_the_profile_says(found: Profile) -> None:
    planned = plan(found)
    by_position = {record.position: record for record in planned.records}
    for interface in found.interfaces:
        signed = {
            slot.tag
            for item in read_locator(planned.locators[interface])
            if item.signed
            for slot in by_position[item.sfi, item.number].slots
        }
        keys = found.authentication
        promised = keys is not None and authenticates(found.settings(interface))
        held = {slot.tag for slot in slots(found, interface)}
        assert signed == (held & set(found.signed) if promised else set())


@given(profiles())
def test_no_certificate_is_signed(found: Profile) -> None:
    assert not any(record.certified and record.signed for record in plan(found).records)


def test_the_layout_of_a_card_with_both_interfaces() -> None:
    planned = plan(profile())
    assert planned.locators[Interface.CONTACT].hex() == "180102000801010010010101"
    assert planned.locators[Interface.CONTACTLESS] == planned.locators[Interface.CONTACT]
    assert planned.shared_static_data
    assert {record.interfaces for record in planned.records} == {BOTH}
    assert not record_of(planned, 0x57).signed
    assert record_of(planned, 0x5A).signed


def test_the_certificates_are_read_first() -> None:
    """Book 3, 7.1, table 27: 8F and 90 should be in the first record that the locator names."""
    planned = plan(profile({"authentication.ca_bits": 1408}))
    first = read_locator(planned.locators[Interface.CONTACT])[0]
    assert record_of(planned, 0x8F) == record_of(planned, 0x90)
    assert record_of(planned, 0x90).position == (first.sfi, first.number)


def test_the_longest_authoritys_certificate_fills_a_record() -> None:
    """1984 bits are 248 octets; with tags and lengths 254, the most that a record holds."""
    planned = plan(profile())
    alone = record_of(planned, 0x90)
    assert [slot.tag for slot in alone.slots] == [0x90]
    assert (alone.slots[0].length, alone.length) == (248, 254)


def test_lengths_follow_from_the_moduli() -> None:
    """Book 2, tables 12 and 22: NCA 248, NI 176, NIC 144; NIC - NI + 42 octets remain."""
    changes: dict[str, Any] = {
        "authentication.icc_exponent": 65537, "authentication.pin_bits": 1200,
    }  # fmt: skip
    found = lengths(plan(profile(changes)))
    assert {tag: found[tag] for tag in (0x90, 0x9F32, 0x9F46, 0x9F47, 0x9F48)} == {
        0x90: 248, 0x9F32: 1, 0x9F46: 176, 0x9F47: 3, 0x9F48: 10,
    }  # fmt: skip
    assert (found[0x9F2D], found[0x9F2E], found[0x9F2F]) == (176, 3, 16)
    assert 0x92 not in found, "the issuer's modulus fits into its certificate"
    assert lengths(plan(profile({"authentication.issuer_bits": 1976})))[0x92] == 247 - 248 + 36


def test_a_modulus_that_fits_leaves_no_remainder() -> None:
    assert 0x9F48 not in lengths(plan(profile({"authentication.icc_bits": 1072})))


def test_static_authentication_has_a_signature_and_no_key_of_the_card() -> None:
    changes = {
        "authentication.method": "SDA",
        "authentication.icc_bits": None,
        "contact.aip": ["sda"],
        "contactless": None,
    }
    found = lengths(plan(profile(changes)))
    assert found[0x93] == 176
    assert {0x8F, 0x90, 0x9F32} <= found.keys()
    assert not {0x9F46, 0x9F47, 0x9F49} & found.keys()


def test_no_authentication_has_no_certificates() -> None:
    planned = plan(profile({"authentication": None, "contact.aip": [], "contactless.aip": []}))
    assert not any(s.origin is Origin.MODULE for r in planned.records for s in r.slots)
    located = read_locator(planned.locators[Interface.CONTACT])
    assert located
    assert not any(item.signed for item in located)


def test_what_differs_lies_apart_and_what_is_alike_once() -> None:
    rules = {"rules": [{"method": "no_cvm", "condition": "always"}]}
    planned = plan(profile({"contactless.cvm": rules}))
    contact, other = (record_of(planned, 0x8E, interface) for interface in BOTH)
    assert contact.interfaces == BOTH[:1]
    assert other.interfaces == BOTH[1:]
    assert record_of(planned, 0x5A).interfaces == BOTH


def test_other_static_data_have_another_certificate() -> None:
    rules = {"rules": [{"method": "no_cvm", "condition": "always"}]}
    for changes in ({"contactless.cvm": rules}, {"contactless.aip": ["cda"]}):
        planned = plan(profile(changes))
        assert not planned.shared_static_data
        assert record_of(planned, 0x9F46) != record_of(planned, 0x9F46, BOTH[1])
        assert record_of(planned, 0x90) == record_of(planned, 0x90, BOTH[1])


def test_an_unsigned_profile_of_another_value_shares_the_certificate() -> None:
    changes = {"contactless.aip": ["cda"], "authentication.sign_aip": False}
    planned = plan(profile(changes))
    assert planned.shared_static_data
    assert record_of(planned, 0x9F46).interfaces == BOTH


def test_a_pin_is_enciphered_through_contacts_alone() -> None:
    planned = plan(profile({"authentication.pin_bits": 1152}))
    assert record_of(planned, 0x9F2D).interfaces == BOTH[:1]
    assert planned.locators[BOTH[0]] != planned.locators[BOTH[1]]


def test_contactless_that_is_not_authenticated_reads_no_certificate() -> None:
    planned = plan(profile({"contactless.aip": ["terminal_risk_management"]}))
    read = read_locator(planned.locators[Interface.CONTACTLESS])
    by_position = {record.position: record for record in planned.records}
    assert not any(by_position[item.sfi, item.number].certified for item in read)
    assert not any(item.signed for item in read)
    assert any(item.signed for item in read_locator(planned.locators[Interface.CONTACT]))


def test_a_payment_systems_own_places() -> None:
    records = [
        {"file": 1, "number": 1, "tags": ["57", "5F20"]},
        {"file": 4, "number": 7, "tags": ["5A", "5F24"]},
    ]
    planned = plan(profile({"records": records}))
    assert record_of(planned, 0x57).position == (1, 1)
    fixed = record_of(planned, 0x5F24)
    assert (fixed.position, fixed.signed) == ((4, 7), True)
    assert [slot.tag for slot in fixed.slots] == [0x5A, 0x5F24]
    assert record_of(planned, 0x9F08).position == (1, 2), "the others follow in their files"


@pytest.mark.parametrize(
    "tags",
    [["9F05"], ["57", "57"], ["57", "5A"], ["8F", "5A"]],
    ids=["absent", "twice", "signed with unsigned", "signed with certificates"],
)
def test_places_that_no_record_can_have(tags: list[str]) -> None:
    with pytest.raises(EmvError) as caught:
        plan(profile({"records": [{"file": 1, "number": 1, "tags": tags}]}))
    assert caught.value.code == "RECORD_LAYOUT"


def test_a_place_for_what_interfaces_share_and_what_not() -> None:
    changes = {
        "contactless.cdol1": ["9F37"],
        "records": [{"file": 2, "number": 1, "tags": ["8C", "5A"]}],
    }
    with pytest.raises(EmvError) as caught:
        plan(profile(changes))
    assert caught.value.code == "RECORD_LAYOUT"


def test_a_place_with_too_little_room() -> None:
    with pytest.raises(EmvError) as caught:
        plan(profile({"records": [{"file": 3, "number": 1, "tags": ["8F", "90"]}]}))
    assert caught.value.code == "RECORD_LENGTH"


def test_a_data_object_longer_than_a_record() -> None:
    """Book 2, D1.1: 1976 bits, 247 octets, are the most for who certifies the card's key."""
    assert plan(profile({"authentication.issuer_bits": 1976}))
    with pytest.raises(EmvError, match="9F46") as caught:
        plan(profile({"authentication.issuer_bits": 1984}))
    assert caught.value.code == "RECORD_LENGTH"
