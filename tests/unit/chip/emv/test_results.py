"""Card Verification Results, bit by bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardwright.chip.emv.results import Kind, Results, issuer_application_data, version
from tests.unit.chip.emv.card import CORE, CORE_AES, SHORT

QUIET = Results(
    first=Kind.ARQC,
    second=None,
    cda=False,
    dda=False,
    pin_tries=0,
    pin_blocked=False,
    pin_tried=False,
    pin_failed=False,
    unable_online=False,
    issuer_failed_now=False,
    issuer_failed=False,
    issuer_skipped=False,
    incomplete=False,
    lower_exceeded=False,
    upper_exceeded=False,
    scripts=0,
    script_failed=False,
    authentication_failed=0,
    go_online=False,
)


@pytest.mark.parametrize(
    ("change", "core", "short"),
    [
        ({}, "a000000000", "a00000"),
        ({"first": Kind.AAC}, "8000000000", "800000"),
        ({"first": Kind.TC}, "9000000000", "900000"),
        ({"second": Kind.TC}, "6000000000", "600000"),
        ({"second": Kind.AAC}, "2000000000", "200000"),
        ({"cda": True}, "a800000000", "a00002"),
        ({"dda": True}, "a400000000", "a00002"),
        ({"issuer_skipped": True}, "a200000000", "a00400"),
        ({"issuer_failed": True}, "a100000000", "a00800"),
        ({"issuer_failed_now": True}, "a000000000", "a80000"),
        ({"pin_tries": 3}, "a030000000", "a00000"),
        ({"pin_tried": True}, "a008000000", "a40000"),
        ({"pin_failed": True}, "a004000000", "a20000"),
        ({"pin_blocked": True}, "a002000000", "a04000"),
        ({"incomplete": True}, "a001000000", "a08000"),
        ({"lower_exceeded": True}, "a000800000", "a02000"),
        ({"upper_exceeded": True}, "a000400000", "a02000"),
        ({"scripts": 5}, "a000005000", "a00050"),
        ({"script_failed": True}, "a000000800", "a00008"),
        ({"authentication_failed": 0x40}, "a000000400", "a00100"),
        ({"authentication_failed": 0x08}, "a000000400", "a00004"),
        ({"authentication_failed": 0x04}, "a000000400", "a00004"),
        ({"go_online": True}, "a000000200", "a00000"),
        ({"unable_online": True}, "a000000100", "a10000"),
    ],
)
def test_each_result_has_its_bits(change: dict[str, Any], core: str, short: str) -> None:
    """EMV 4.4 Book 3, table CCD 10; short: as published descriptions of Visa's VIS have it."""
    results = replace(QUIET, **change)
    assert results.core().hex() == core
    assert results.short().hex() == short


def test_results_go_where_the_format_has_them() -> None:
    core = issuer_application_data(CORE, QUIET)
    assert core == bytes.fromhex("0FA501A000000000") + CORE[8:]
    assert issuer_application_data(SHORT + b"\x01\x42", QUIET).hex() == "06011203a000000142"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CORE, 0xA5),
        (CORE_AES, 0xA6),
        (SHORT, 0x12),
        (SHORT[:6], None),
        (CORE[:31], None),
        (bytes(32), None),
        (b"\x06\x01\x12\x04\0\0\0", None),
    ],
)
def test_the_cryptogram_version_is_found_in_known_formats(
    data: bytes, expected: int | None
) -> None:
    assert version(data) == expected
