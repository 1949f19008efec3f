import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.oda.capk import AuthorityKey, dump_keys, find_key, load_keys
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.rsa import RsaPublic, public_of
from cardwright.iso.tracks import Expiry
from tests.unit.emv.oda_vectors import CHECK_SUMS, MASTERCARD_EF, VISA_RID
from tests.unit.emv.rsa_kit import rsa_key

KEYS = tuple(CHECK_SUMS)

authority_keys = st.builds(
    AuthorityKey,
    st.binary(min_size=5, max_size=5),
    st.integers(0, 255),
    st.sampled_from([public_of(rsa_key(768, exponent)) for exponent in (3, 65537)]),
    st.builds(Expiry, st.integers(2000, 2099), st.integers(1, 12)),
)


@settings(deadline=None)
@given(st.lists(authority_keys, max_size=4))
def test_a_list_is_read_back(keys: list[AuthorityKey]) -> None:
    assert load_keys(dump_keys(keys)) == tuple(keys)


def test_the_schemes_keys_as_json() -> None:
    rows = json.loads(dump_keys([MASTERCARD_EF]))["keys"]
    assert rows == [
        {
            "rid": "A000000004",
            "index": "EF",
            "modulus": MASTERCARD_EF.key.modulus.hex().upper(),
            "exponent": 3,
            "expiry": "2099-12",
            "check_sum": "21766EBB0EE122AFB65D7845B73DB46BAB65427A",
        }
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rid", "A000000005"),
        ("index", "EE"),
        ("modulus", "B" + MASTERCARD_EF.key.modulus.hex()[1:]),
        ("exponent", 65537),
        ("check_sum", "00" * 20),
        ("check_sum", ""),
    ],
)
def test_a_key_that_is_not_the_one_written_is_refused(field: str, value: Any) -> None:
    with pytest.raises(OdaError) as caught:
        load_keys(changed(field, value))
    assert caught.value.code == "CAPK_CHECK_SUM"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rid", "A0"), ("rid", 5), ("rid", None), ("rid", "x"),
        ("index", "100"), ("index", "-1"), ("index", ""), ("index", 1.5),
        ("modulus", "FE"), ("modulus", ""), ("modulus", "FF" * 249), ("modulus", []),
        ("exponent", 5), ("exponent", "3"), ("exponent", None),
        ("expiry", "2029"), ("expiry", "2029-13"), ("expiry", "a-b"), ("expiry", 2029),
        ("check_sum", "zz"), ("check_sum", 7),
    ],
)  # fmt: skip
def test_rows_that_are_none(field: str, value: Any) -> None:
    with pytest.raises(OdaError) as caught:
        load_keys(changed(field, value))
    assert caught.value.code == "CAPK_FORMAT"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "{}", '{"format": "other", "keys": []}', '{"format": "cardwright-capk/1"}',
     '{"format": "cardwright-capk/1", "keys": 7}', '{"format": "cardwright-capk/1", "keys": [7]}',
     '{"format": "cardwright-capk/1", "keys": [{}]}'],
)  # fmt: skip
def test_texts_that_are_no_list(text: str) -> None:
    with pytest.raises(OdaError) as caught:
        load_keys(text)
    assert caught.value.code == "CAPK_FORMAT"


@pytest.mark.parametrize(("rid", "index"), [(VISA_RID, 0x93), (bytes(5), 0xEF)])
def test_a_key_that_is_not_known(rid: bytes, index: int) -> None:
    with pytest.raises(OdaError) as caught:
        find_key(KEYS, rid, index)
    assert caught.value.code == "CAPK_UNKNOWN"


@pytest.mark.parametrize(
    ("rid", "index", "octets", "code"),
    [
        (bytes(4), 1, 96, "FIELD_VALUE"),
        (bytes(6), 1, 96, "FIELD_VALUE"),
        (bytes(5), -1, 96, "FIELD_VALUE"),
        (bytes(5), 256, 96, "FIELD_VALUE"),
        (bytes(5), 1, 95, "KEY_LENGTH"),
        (bytes(5), 1, 249, "KEY_LENGTH"),
    ],
)
def test_keys_that_no_terminal_holds(rid: bytes, index: int, octets: int, code: str) -> None:
    with pytest.raises(OdaError) as caught:
        AuthorityKey(rid, index, RsaPublic(b"\xc1" * octets, 3), Expiry(2030, 1))
    assert caught.value.code == code


def changed(field: str, value: Any) -> str:
    document = json.loads(dump_keys(KEYS))
    row = next(row for row in document["keys"] if row["index"] == "EF")
    assert row[field] != value
    row[field] = value
    return json.dumps(document)
