from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.proto.vault.v1.sections_pb2 import (
    ChipRecord,
    InspectedApplication,
    InspectionSection,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.terminal import ProfileError
from services.qa.adapters.ca_keys import read_ca_keys
from services.qa.adapters.sections import SectionMalformedError, read_expected
from services.qa.domain import Application, Expected, Record

SECTION = InspectionSection(
    barcode="code",
    track1="%B?",
    track2=";1?",
    track3=";2?",
    applications=[
        InspectedApplication(
            instance_aid=b"AID-1",
            records=[ChipRecord(sfi=1, number=2, content=b"\x70\0")],
            authentication="CDA",
            afl=bytes.fromhex("08010201"),
            aip=b"\x3d\0",
        ),
        InspectedApplication(instance_aid=b"AID-2"),
    ],
    print={"name": "A NAME"},
    imk_ac="issuer/IMK-AC#1",
    imk_smi="issuer/IMK-SMI#1",
    derivation="B",
)


def opened(section: InspectionSection, *, chip: bool = True, render: bool = True) -> Expected:
    return read_expected(SecretBytes(section.SerializeToString()), chip=chip, render=render)


def test_a_section_says_all_that_is_expected() -> None:
    record = Record(1, 2, SecretBytes(b"\x70\0"))
    payment = Application(b"AID-1", (record,), "CDA", ((1, 1, 2, 1),), b"\x3d\0")
    assert opened(SECTION) == Expected(
        barcode="code",
        tracks={1: SecretText("%B?"), 2: SecretText(";1?"), 3: SecretText(";2?")},
        applications=(payment, Application(b"AID-2", ())),
        print={"name": SecretText("A NAME")},
        imk_ac="issuer/IMK-AC#1",
        imk_smi="issuer/IMK-SMI#1",
        derivation="B",
    )
    assert payment.positions == ((1, 2), (1, 1))
    assert payment.located == (((1, 1), True), ((1, 2), False))


def test_parts_that_are_left_out() -> None:
    left = opened(SECTION, chip=False, render=False)
    assert (left.barcode, left.applications) == ("", ())


def test_a_locator_that_is_none() -> None:
    section = InspectionSection(applications=[InspectedApplication(afl=b"\x08\1")])
    with pytest.raises(SectionMalformedError):
        opened(section)


def test_without_a_list_there_are_no_keys(tmp_path: Path) -> None:
    assert read_ca_keys(tmp_path / "capk.json") == ()
    (tmp_path / "capk.json").write_text("no list")
    with pytest.raises(ProfileError):
        read_ca_keys(tmp_path / "capk.json")
