import dataclasses
import datetime as dt

import pytest

from cardwright.emv.authority import (
    STANDARD_KEYS,
    TEST_RID,
    Authority,
    AuthoritySigner,
    generate_signers,
)
from cardwright.emv.oda.answer import check_answer, read_answer, write_answer
from cardwright.emv.oda.capk import dump_keys, find_key, load_keys
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.icc import certify_icc, recover_icc
from cardwright.emv.oda.issuer import IssuerKey, recover_issuer
from cardwright.emv.oda.request import read_request, write_request
from cardwright.emv.rsa import RsaError, public_of
from cardwright.iso.tracks import Expiry
from tests.unit.emv.oda_kit import (
    AUTHORITY_EXPIRY,
    CARD,
    ISSUER_EXPIRY,
    PAN,
    STATIC_DATA,
    TODAY,
    authority,
    signers,
)
from tests.unit.emv.rsa_kit import rsa_key

REQUEST = read_request(write_request(rsa_key(896, 3, "issuer"), "411111", 7, ISSUER_EXPIRY, 9))


def test_the_authority_is_of_no_registered_system() -> None:
    assert TEST_RID[0] >> 4 == 0xF  # ISO/IEC 7816-5: proprietary, not registered
    assert TEST_RID[1:] == b"CWTS"
    assert {key.rid for key in authority().keys} == {TEST_RID}


def test_an_authority_has_six_standard_keys() -> None:
    assert {(bits, exponent) for _, bits, exponent in STANDARD_KEYS} == {
        (bits, exponent) for bits in (1152, 1408, 1984) for exponent in (3, 65537)
    }
    keys = Authority(generate_signers(AUTHORITY_EXPIRY)).keys
    assert [(key.index, 8 * key.key.length, key.key.exponent) for key in keys] == list(
        STANDARD_KEYS
    )
    assert load_keys(dump_keys(keys)) == keys


def test_the_whole_way_from_a_request_to_a_terminal() -> None:
    ca, private = authority(), rsa_key(896, 3, "issuer")
    data = write_answer(ca.issue(REQUEST, 2, 0x0000FF, TODAY))
    terminal = load_keys(dump_keys(ca.keys))
    answer = read_answer(data, find_key(terminal, TEST_RID, 2), TODAY)
    check_answer(answer, REQUEST)
    issuer = IssuerKey(private, answer.issuer)
    icc = public_of(rsa_key(768, 3, "icc"))
    card = certify_icc(issuer, icc, CARD, STATIC_DATA)
    key = find_key(terminal, TEST_RID, answer.authority_index).key
    recovered = recover_issuer(key, answer.certificate, TODAY, PAN)
    assert recover_icc(recovered.key, card, PAN, TODAY, STATIC_DATA).key == icc
    with pytest.raises(OdaError) as caught:
        recover_issuer(find_key(terminal, TEST_RID, 1).key, answer.certificate, TODAY, PAN)
    assert caught.value.code == "SIGNATURE_FORMAT"


@pytest.mark.parametrize("index", [0, 3, 0xEF])
def test_an_index_that_it_does_not_have(index: int) -> None:
    with pytest.raises(OdaError) as caught:
        authority().issue(REQUEST, index, 1, TODAY)
    assert caught.value.code == "CAPK_UNKNOWN"


@pytest.mark.parametrize(
    ("expiry", "code"),
    [(Expiry(2026, 2), "CERTIFICATE_EXPIRED"), (Expiry(2034, 1), "CERTIFICATE_EXPIRY")],
)
def test_months_that_it_does_not_grant(expiry: Expiry, code: str) -> None:
    with pytest.raises(OdaError) as caught:
        authority().issue(dataclasses.replace(REQUEST, expiry=expiry), 1, 1, TODAY)
    assert caught.value.code == code
    authority().issue(dataclasses.replace(REQUEST, expiry=Expiry(2026, 3)), 1, 1, TODAY)


def test_a_key_longer_than_its_own_is_not_certified() -> None:
    request = dataclasses.replace(REQUEST, key=public_of(rsa_key(1160, 3, "issuer")))
    with pytest.raises(OdaError) as caught:
        authority().issue(request, 1, 1, TODAY)
    assert caught.value.code == "KEY_LENGTH"


def test_two_keys_of_one_index_are_refused() -> None:
    first, _ = signers()
    with pytest.raises(OdaError) as caught:
        Authority([first, first])
    assert caught.value.code == "CAPK_INDEX"


@pytest.mark.parametrize("bits", [1144, 1992])
def test_sizes_that_no_authority_has(bits: int) -> None:
    with pytest.raises(OdaError) as caught:
        generate_signers(AUTHORITY_EXPIRY, [(1, bits, 3)])
    assert caught.value.code == "KEY_LENGTH"
    with pytest.raises(OdaError) as caught:
        AuthoritySigner(1, rsa_key(bits), AUTHORITY_EXPIRY)
    assert caught.value.code == "KEY_LENGTH"


def test_exponents_that_no_authority_has() -> None:
    with pytest.raises(RsaError) as caught:
        generate_signers(AUTHORITY_EXPIRY, [(1, 1152, 5)])
    assert caught.value.code == "RSA_KEY"


def test_a_day_after_the_last_month_nothing_is_issued() -> None:
    after = ISSUER_EXPIRY.last_day() + dt.timedelta(days=1)
    with pytest.raises(OdaError) as caught:
        authority().issue(REQUEST, 1, 1, after)
    assert caught.value.code == "CERTIFICATE_EXPIRED"
