from __future__ import annotations

from typing import Any

import pytest

from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.selection import PPSE, PSE, Listed, ppse_groupings, pse_groupings
from cardwright.iso import tlv
from tests.unit.emv.profile_kit import profile

AID = bytes.fromhex("F0434152445701")


def listed(number: int = 0, **changes: Any) -> Listed:
    return Listed(AID + bytes((number,)) if number else AID, profile(changes))


def entries(template: bytes) -> list[dict[int, bytes]]:
    """What each entry of a directory says."""
    return [
        {item.tag: item.value for item in entry.children()}
        for entry in tlv.parse(template)
        if entry.tag == 0x61
    ]


def test_a_directory_of_one_application_octet_by_octet() -> None:
    """Book 1, tables 8, 11 and 12: a record of template 70, in it 61 with 4F, 50 and 87."""
    record, answer = pse_groupings([listed()])
    entry = "4f07f0434152445701" + "500a" + b"TEST DEBIT".hex() + "870101"
    assert (record.id, record.value.hex()) == (0x0101, "701a6118" + entry)
    assert (answer.id, answer.value.hex()) == (0x9102, "a50a880101" + "5f2d04" + b"enfr".hex())


def test_a_contactless_directory_octet_by_octet() -> None:
    """Contactless Book B, table 3-2: the entries lie in BF0C of the answer to SELECT."""
    (answer,) = ppse_groupings([listed()])
    entry = "4f07f0434152445701" + "500a" + b"TEST DEBIT".hex() + "870101" + "9f2a0102"
    assert (answer.id, answer.value.hex()) == (0x9102, "a521bf0c1e611c" + entry)


def test_names_are_those_that_terminals_select() -> None:
    assert (PSE.hex(), PPSE.hex()) == (
        "315041592e5359532e4444463031",
        "325041592e5359532e4444463031",
    )


def test_what_is_not_contactless_is_listed_for_contacts_alone() -> None:
    applications = [listed(1), listed(2, contactless=None)]
    record, _ = pse_groupings(applications)
    (answer,) = ppse_groupings(applications)
    names = [
        [entry[0x4F][-1] for entry in entries(template or b"")]
        for template in (
            tlv.find(record.value, 0x70),
            tlv.find(answer.value, 0xA5, 0xBF0C),
        )
    ]
    assert names == [[1, 2], [1]]


def test_an_entry_says_what_the_cardholder_may_choose_by() -> None:
    preferred = {"text": "ÄPFEL", "code_table": 1}
    record, _ = pse_groupings([listed(preferred_name=preferred, confirmation=True, priority=3)])
    (entry,) = entries(tlv.find(record.value, 0x70) or b"")
    assert entry[0x9F12] == "ÄPFEL".encode("latin-1")
    assert entry[0x87] == b"\x83"


def test_applications_of_different_languages_name_none() -> None:
    *_, answer = pse_groupings([listed(1), listed(2, languages=["fr", "en"])])
    assert tlv.find(answer.value, 0xA5, 0x5F2D) is None


def test_many_applications_take_several_records() -> None:
    *records, _ = pse_groupings([listed(number) for number in range(1, 21)])
    assert [record.id for record in records] == [0x0101, 0x0102, 0x0103]
    assert all(len(record.value) <= 254 for record in records)
    found = [
        entry[0x4F][-1]
        for record in records
        for entry in entries(tlv.find(record.value, 0x70) or b"")
    ]
    assert found == list(range(1, 21))


def test_a_contactless_directory_has_a_limit() -> None:
    fitting = [listed(number) for number in range(1, 8)]
    (answer,) = ppse_groupings(fitting)
    assert len(tlv.find(answer.value, 0xA5, 0xBF0C) or b"") == 7 * 31 <= 222
    with pytest.raises(EmvError) as caught:
        ppse_groupings([*fitting, listed(8)])
    assert caught.value.code == "DIRECTORY_LENGTH"


@pytest.mark.parametrize(
    ("name", "groupings"),
    [(PSE, pse_groupings([listed(1), listed(2)])), (PPSE, ppse_groupings([listed(1), listed(2)]))],
    ids=["PSE", "PPSE"],
)
def test_a_chip_takes_the_directory(name: bytes, groupings: tuple[Dgi, ...]) -> None:
    applet = DirectoryApplet(name)
    for dgi in groupings:
        applet.store(dgi.id, dgi.value, encrypted=False)
    applet.close_personalization()
    assert tlv.find(applet.select(), 0x6F, 0x84) == name
