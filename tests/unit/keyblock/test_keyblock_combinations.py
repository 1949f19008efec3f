"""The modes of use a usage takes are written out here once more, as transcribed by others.

TR-31:2018 table A.6 by knovichikhin/psec and, independently, by biapp's KeyUsage (they differ in
B2 alone: X there, Y here); B3, D3 and K4 by IBM's CCA manual for TR31 Key Create.
"""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import ClearAes
from cardwright.keyblock.block import wrap
from cardwright.keyblock.combinations import _TABLE, check_combination, strength
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import (
    Algorithm,
    Context,
    Exportability,
    KeyVersion,
    Mode,
    Usage,
    Version,
    read_field,
)
from cardwright.keyblock.header import Header, parse_header
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_kit import COMBINATIONS, allowed
from tests.unit.keyblock.keyblock_vectors import VECTORS

MODES = {
    "X": "B0 B1 B3 E0 E1 E2 E3 E4 E5 E6",
    "XY": "B2",
    "BDE": "D0 D1 D2 D3 E7 K0 K1 K2 K4 P0",
    "BDEX": "K3",
    "CGV": "C0 M0 M1 M2 M3 M4 M5 M6 M7 M8 P1 V0 V1 V2 V3 V4 V5",
    "N": "I0",
    "SV": "S0 S1",
    "SVTBDE": "S2",
}


def test_every_usage_takes_the_tables_modes() -> None:
    listed = {usage: set(modes) for modes, usages in MODES.items() for usage in usages.split()}
    assert set(listed) == {usage.value for usage in Usage} == set(_TABLE)
    found: dict[str, set[str]] = {}
    for usage, _, mode in COMBINATIONS:
        found.setdefault(usage.value, set()).add(mode.value)
    assert found == listed


def test_the_same_modes_go_with_every_algorithm_of_a_usage() -> None:
    for usage in Usage:
        per_algorithm = {
            tuple(m for m in Mode if allowed(usage, algorithm, m)) for algorithm in Algorithm
        }
        assert len(per_algorithm - {()}) == 1


@pytest.mark.parametrize(
    ("usage", "algorithm", "mode"),
    [
        ("M0", "A", "C"),  # ISO 16609 algorithm 1 is triple DES
        ("M7", "T", "C"),  # an HMAC key is of algorithm H
        ("P0", "H", "E"),
        ("P0", "R", "E"),
        ("K4", "T", "E"),  # ISO 20038 is AES
        ("S0", "A", "S"),
        ("K2", "E", "D"),  # TR-34 is RSA
        ("D0", "R", "E"),
        ("D1", "A", "E"),
        ("E0", "T", "E"),
        ("B0", "T", "E"),
        ("C0", "T", "E"),
        ("K0", "T", "X"),
        ("P0", "T", "C"),
        ("S0", "R", "E"),
        ("V2", "T", "B"),
        ("I0", "T", "E"),
    ],
)
def test_what_does_not_go_together_is_refused(usage: str, algorithm: str, mode: str) -> None:
    for reading in (False, True):
        with pytest.raises(KeyBlockError) as caught:
            check_combination(Usage(usage), Algorithm(algorithm), Mode(mode), reading=reading)
        assert caught.value.code == "KEYBLOCK_COMBINATION"


@given(st.sampled_from(Usage), st.sampled_from(Algorithm), st.sampled_from(Mode))
def test_wrapping_and_reading_refuse_all_other_combinations(
    usage: Usage, algorithm: Algorithm, mode: Mode
) -> None:
    if (usage, algorithm, mode) in COMBINATIONS:
        return
    header = Header(
        version=Version.DERIVATION_AES,
        usage=usage,
        algorithm=algorithm,
        mode=mode,
        exportability=Exportability.NONE,
    )
    with pytest.raises(KeyBlockError) as caught:
        wrap(ClearAes(SecretBytes(bytes(32))), header, SecretBytes(bytes(16)))
    assert caught.value.code == "KEYBLOCK_COMBINATION"
    text = f"D0064{usage.value}{algorithm.value}{mode.value}00N0000" + "0" * 48
    if mode is Mode.UNRESTRICTED and any(allowed(usage, algorithm, m) for m in Mode):
        assert parse_header(text) == header  # as older editions and HSMs have it
        return
    with pytest.raises(KeyBlockError) as caught:
        parse_header(text)
    assert caught.value.code == "KEYBLOCK_COMBINATION"


@pytest.mark.parametrize("kind", [Usage, Algorithm, Mode, Exportability, Context])
def test_proprietary_and_unknown_values_are_refused(
    kind: type[Usage | Algorithm | Mode | Exportability | Context],
) -> None:
    for text in ("9", "99", "", "?", "b0", "e", "n"):
        with pytest.raises(KeyBlockError) as caught:
            read_field(kind, text)
        assert caught.value.code == "KEYBLOCK_HEADER"


@pytest.mark.parametrize("text", ["", "1", "123", "1 ", "1-", "\u0661\u0661"])
def test_a_key_version_is_two_letters_or_digits(text: str) -> None:
    with pytest.raises(KeyBlockError) as caught:
        KeyVersion(text)
    assert caught.value.code == "KEYBLOCK_HEADER"


@pytest.mark.parametrize(
    ("index", "text", "code"),
    [
        (0, "E", "KEYBLOCK_VERSION"),
        (0, "0", "KEYBLOCK_VERSION"),
        (1, "0 96", "KEYBLOCK_LENGTH"),
        (1, "+096", "KEYBLOCK_LENGTH"),
        (12, "0A", "KEYBLOCK_HEADER"),
        (12, "01", "KEYBLOCK_OPTIONAL"),
        (14, "3", "KEYBLOCK_HEADER"),
        (15, "1", "KEYBLOCK_HEADER"),
    ],
)
def test_a_fixed_field_of_another_form_is_refused(index: int, text: str, code: str) -> None:
    block = next(v.block for v in VECTORS if v.source == "X9.143-2022, 8.3.2.2")
    with pytest.raises(KeyBlockError) as caught:
        parse_header(block[:index] + text + block[index + len(text) :])
    assert caught.value.code == code


def test_strength_is_that_of_sp_800_57() -> None:
    assert strength(Algorithm.DES, 8) == 56
    assert [strength(Algorithm.TDES, length) for length in (16, 24)] == [80, 112]
    assert [strength(Algorithm.AES, length) for length in (16, 24, 32)] == [128, 192, 256]
    assert [strength(Algorithm.HMAC, length) for length in (14, 32, 64)] == [112, 256, 256]
    assert strength(Algorithm.RSA, 1200) == 0


def test_a_header_keeps_its_context() -> None:
    block = next(v.block for v in VECTORS if v.source == "X9.143-2021, 8.1")
    header = parse_header(block)
    assert header.context is Context.ANY
    assert parse_header(block[:14] + "1" + block[15:]) == dataclasses.replace(
        header, context=Context.STORAGE
    )
