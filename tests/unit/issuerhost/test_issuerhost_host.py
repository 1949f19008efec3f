"""The issuer host as terminals meet it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyemv.cvn import VisaCVN10, VisaCVN18

from cardwright.iso import tlv
from cardwright.issuerhost import (
    Answer,
    ArpcMethod,
    AuthorizationRequest,
    AuthorizationResponse,
    ChipData,
    Derivation,
    HostUnavailableError,
    IssuerHostError,
    IssuerKeys,
    Rules,
    Script,
    SoftwareIssuerHost,
    UnblockPin,
)
from cardwright.secret import SecretBytes
from tests.unit.issuerhost.test_issuerhost_cryptogram import (
    CORE_AES,
    MASTER,
    PAN,
    PSN,
    SHORT_10,
    SHORT_18,
    by_tag,
    chip,
    cryptogram_10,
)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

KEYS = IssuerKeys(SecretBytes(MASTER), SecretBytes(MASTER), SecretBytes(MASTER))


@pytest.fixture
def oracle() -> VisaCVN18:
    return VisaCVN18(MASTER, MASTER, MASTER, PAN, PSN)


@pytest.fixture
def arqc(oracle: VisaCVN18) -> bytes:
    made: bytes = oracle.generate_ac(**by_tag(SHORT_18))
    return made


@pytest.fixture
def good(arqc: bytes) -> ChipData:
    return chip(arqc, SHORT_18)


def changed(good: ChipData, tag: int, value: bytes) -> ChipData:
    return replace(good, objects={**good.objects, tag: value})


def ask(
    data: ChipData, rules: Rules | None = None, answer: Answer | None = None
) -> AuthorizationResponse:
    host = SoftwareIssuerHost(KEYS, rules or Rules(), lambda _: answer or Answer())
    return host.authorize(AuthorizationRequest(data))


def test_a_genuine_cryptogram_is_approved_and_answered(good: ChipData) -> None:
    response = SoftwareIssuerHost(KEYS, Rules()).authorize(AuthorizationRequest(good))
    assert (response.response_code, response.approves, response.finding) == ("00", True, "OK")
    assert len(response.issuer_authentication_data) == 10
    assert response.issuer_authentication_data[8:] == b"00"
    assert response.scripts == b""


def test_answers_by_both_methods_and_none(good: ChipData, oracle: VisaCVN18, arqc: bytes) -> None:
    second = ask(good, Rules(arpc=ArpcMethod.METHOD_2)).issuer_authentication_data
    assert second == oracle.generate_arpc(arqc, b"\0\x1f", b"\0\x82\0\0") + b"\0\x82\0\0"
    declined = ask(good, Rules(arpc=ArpcMethod.METHOD_2), Answer("05"))
    assert declined.issuer_authentication_data[4:] == bytes(4)
    told = ask(good, Rules(arpc=ArpcMethod.METHOD_2), Answer("00", b"\1\2\3\4"))
    assert told.issuer_authentication_data[4:] == b"\1\2\3\4"
    assert ask(good, Rules(arpc=ArpcMethod.NONE)).issuer_authentication_data == b""


def test_version_10_is_answered_under_the_cards_own_key() -> None:
    ten, arqc = VisaCVN10(MASTER, MASTER, MASTER, PAN, PSN), cryptogram_10()
    response = ask(chip(arqc, SHORT_10))
    assert response.issuer_authentication_data == ten.generate_arpc(arqc, b"00") + b"00"


def test_a_forged_cryptogram_is_declined_without_an_answer(good: ChipData) -> None:
    response = ask(changed(good, 0x9F26, bytes(8)))
    assert response == AuthorizationResponse("05", finding="ARQC_WRONG")


@pytest.mark.parametrize(
    ("tag", "value", "finding"),
    [
        (0x9F27, b"\x40", "ARQC_KIND"),
        (0x9F27, b"", "ARQC_KIND"),
        (0x9F10, b"", "CRYPTOGRAM_VERSION"),
        (0x9F10, CORE_AES, "CRYPTOGRAM_VERSION"),
        (0x9F37, b"", "CHIP_DATA"),
    ],
)
def test_what_can_not_be_checked_is_declined(
    good: ChipData, tag: int, value: bytes, finding: str
) -> None:
    response = ask(changed(good, tag, value))
    assert response == AuthorizationResponse("05", finding=finding)


def test_other_kinds_of_cryptograms_can_be_examined(good: ChipData) -> None:
    host = SoftwareIssuerHost(KEYS, Rules())
    tc = changed(good, 0x9F27, b"\x40")
    assert host.examine(tc) == "OK"
    assert host.examine(changed(tc, 0x9F26, bytes(8))) == "TC_WRONG"
    other = SoftwareIssuerHost(KEYS, Rules(derivation=Derivation.OPTION_C))
    assert other.examine(tc) == "CRYPTOGRAM_VERSION"


def test_scripts_go_with_the_answer(good: ChipData) -> None:
    answer = Answer(scripts=(Script((UnblockPin(),)),))
    response = ask(good, answer=answer)
    command = tlv.find(response.scripts, 0x72, 0x86)
    assert command is not None
    assert command[:5].hex() == "8424000008"


def test_an_answer_that_can_not_be_is_the_callers_fault(good: ChipData) -> None:
    with pytest.raises(IssuerHostError) as caught:
        ask(good, answer=Answer(scripts=(Script((), identifier=b""),)))
    assert caught.value.code == "SCRIPT_DATA"
    with pytest.raises(ValueError, match="two letters or digits"):
        AuthorizationResponse("0")


def test_nothing_printed_tells_account_or_key(good: ChipData) -> None:
    request = AuthorizationRequest(good)
    assert PAN not in repr(request)
    assert MASTER.hex() not in repr(KEYS).lower()
    assert HostUnavailableError().code == "HOST_UNAVAILABLE"
