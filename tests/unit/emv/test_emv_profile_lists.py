"""Data object lists and cardholder verification method lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.errors import EmvError
from cardwright.emv.profile_cvm import Condition, CvmList, CvmMethod, CvmRule
from cardwright.emv.profile_dol import Dol, DolEntry

CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704")

entries = st.builds(
    DolEntry, st.sampled_from([0x9F02, 0x95, 0x9A, 0x5F2A, 0x9F1D]), st.integers(1, 255)
)
rules = st.builds(CvmRule, st.sampled_from(CvmMethod), st.sampled_from(Condition), st.booleans())
lists = st.builds(
    CvmList,
    st.lists(rules, min_size=1, max_size=122).map(tuple),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
)


def test_a_published_data_object_list() -> None:
    """openemv/emv-utils, tests/emv_dol_test.c, test1_dol: the lengths are the dictionary's."""
    dol = Dol.of(["9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37"])
    assert dol.encode() == CDOL1
    assert Dol.parse(CDOL1) == dol
    assert dol.data_length == 29
    assert str(dol) == "9F02 9F03 9F1A 95 5F2A 9A 9C 9F37"


def test_a_length_that_the_dictionary_leaves_open() -> None:
    dol = Dol.of(["91:8", "9F1D:8", "9F37:2"])
    assert dol.encode().hex().upper() == "91089F1D089F3702"
    assert str(dol) == "91:8 9F1D:8 9F37:2"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9F1D", "DOL_ENTRY"),
        ("9F37:", "DOL_ENTRY"),
        ("9F37:x", "DOL_ENTRY"),
        ("9F37:0", "DOL_ENTRY"),
        ("9F37:256", "DOL_ENTRY"),
        ("amount", "DOL_ENTRY"),
        ("", "DOL_ENTRY"),
        ("9F7F", "TAG_UNKNOWN"),
    ],
)
def test_an_entry_that_is_none(text: str, code: str) -> None:
    with pytest.raises(EmvError) as caught:
        Dol.of([text])
    assert caught.value.code == code


@pytest.mark.parametrize("length", [1, 2, 10, 20])
def test_a_list_that_ends_inside_an_entry(length: int) -> None:
    """As test2_dol and test3_dol of the same file."""
    with pytest.raises(EmvError) as caught:
        Dol.parse(CDOL1[:length])
    assert caught.value.code == "DOL_ENTRY"


@given(st.lists(entries, max_size=20))
def test_a_list_reads_back(found: list[DolEntry]) -> None:
    dol = Dol(tuple(found))
    assert Dol.parse(dol.encode()) == dol
    assert dol.data_length == sum(entry.length for entry in found)


def test_published_verification_rules() -> None:
    """openemv/emv-utils, tests/emv_cvmlist_test.c, test6_cvmlist and test3_cvmlist."""
    octets = bytes.fromhex("0000000000000000420144034103" + "5E0342031F03")
    supported = Condition.SUPPORTED
    assert CvmList.parse(octets).rules == (
        CvmRule(CvmMethod.ONLINE_PIN, Condition.UNATTENDED_CASH, then_next=True),
        CvmRule(CvmMethod.ENCIPHERED_PIN, supported, then_next=True),
        CvmRule(CvmMethod.PLAINTEXT_PIN, supported, then_next=True),
        CvmRule(CvmMethod.SIGNATURE, supported, then_next=True),
        CvmRule(CvmMethod.ONLINE_PIN, supported, then_next=True),
        CvmRule(CvmMethod.NO_CVM, supported),
    )
    amounts = CvmList.parse(bytes.fromhex("000186A0000003E81E03"))
    assert (amounts.x, amounts.y) == (100000, 1000)


@given(lists)
def test_rules_read_back(found: CvmList) -> None:
    assert CvmList.parse(found.encode()) == found
    assert len(found.encode()) <= 252


@pytest.mark.parametrize(
    "octets",
    ["000186A0000003E8", "000186A0000003E81E0342", "0000000000000000060000", "00000000000000009E03",
     "00000000000000000603", "00000000000000001E0A", "00000000000000003F00"],
)  # fmt: skip
def test_rules_that_are_none(octets: str) -> None:
    """The first two are test1_cvmlist and test2_cvmlist; the others have codes not used here."""
    with pytest.raises(EmvError) as caught:
        CvmList.parse(bytes.fromhex(octets))
    assert caught.value.code == "CVM_LIST"


def test_a_list_has_rules_and_four_octets_for_an_amount() -> None:
    rule = CvmRule(CvmMethod.NO_CVM, Condition.ALWAYS)
    for found, x in (((), 0), ((rule,) * 123, 0), ((rule,), -1), ((rule,), 1 << 32)):
        with pytest.raises(EmvError) as caught:
            CvmList(found, x)
        assert caught.value.code == "CVM_LIST"


def test_which_methods_need_a_pin() -> None:
    assert {m for m in CvmMethod if not m.pin} == {
        CvmMethod.FAIL, CvmMethod.SIGNATURE, CvmMethod.NO_CVM,
    }  # fmt: skip
    assert {m for m in CvmMethod if m.pin and not m.offline_pin} == {CvmMethod.ONLINE_PIN}
