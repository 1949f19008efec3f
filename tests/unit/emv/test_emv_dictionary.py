from __future__ import annotations

import pytest

from cardwright.emv.dictionary import DICTIONARY, Source, element, find
from cardwright.emv.errors import EmvError
from cardwright.iso import tlv


@pytest.mark.parametrize(
    ("tag", "name", "form", "minimum", "maximum", "source"),
    [
        (0x9F02, "Amount, Authorised (Numeric)", "n 12", 6, 6, Source.TERMINAL),
        (0x9F37, "Unpredictable Number", "b", 4, 4, Source.TERMINAL),
        (0x5A, "Application Primary Account Number (PAN)", "cn", 1, 10, Source.CARD),
        (0x8E, "Cardholder Verification Method (CVM) List", "b", 10, 252, Source.CARD),
        (0x91, "Issuer Authentication Data", "b", 8, 16, Source.ISSUER),
        (0x9F23, "Upper Consecutive Offline Limit", "b", 1, 1, Source.CARD),
        (0x5F20, "Cardholder Name", "ans", 2, 26, Source.CARD),
        (0x9F34, "Cardholder Verification Method (CVM) Results", "b", 3, 3, Source.TERMINAL),
    ],
)
def test_rows_are_those_of_annex_a(
    tag: int, name: str, form: str, minimum: int, maximum: int, source: Source
) -> None:
    """EMV 4.4 Book 3, annex A, table 37."""
    found = element(tag)
    assert (found.name, found.format, found.minimum, found.maximum, found.source) == (
        name, form, minimum, maximum, source,
    )  # fmt: skip


def test_every_tag_is_a_tag_and_stands_once() -> None:
    for tag, found in DICTIONARY.items():
        assert found.tag == tag
        assert tlv.parse(tlv.encode(tag, b""))[0].tag == tag
        assert 0 <= found.minimum <= found.maximum <= 252


def test_what_a_terminal_reads_is_the_cards_own() -> None:
    """Book 3, 7.5: terminals ignore data of others that a card gives them."""
    assert {found.source for found in DICTIONARY.values() if found.templates} == {Source.CARD}
    assert element(0x9F42).in_record
    assert not element(0x9F36).in_record
    assert not element(0x9F13).in_record


def test_a_tag_that_is_none() -> None:
    assert find(0x9F7F) is None
    with pytest.raises(EmvError) as caught:
        element(0x9F7F)
    assert caught.value.code == "TAG_UNKNOWN"
