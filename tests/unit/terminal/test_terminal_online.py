"""With the issuer: its proof, its scripts, its word."""

from __future__ import annotations

from typing import Any

import pytest

from cardwright.iso import tlv
from cardwright.issuerhost import IssuerKeys, Rules, SoftwareIssuerHost
from cardwright.issuerhost.messages import AuthorizationResponse
from cardwright.secret import SecretBytes
from cardwright.terminal import Outcome, Transaction, Tsi, Tvr
from tests.unit.terminal.card_kit import MASTER_KEY, FakeCard, base_objects
from tests.unit.terminal.kit import Host, pay, request
from tests.unit.terminal.rsa_kit import PAN

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

ONLINE = {0x9F0F: b"\x80\0\0\0\0"}  # without offline data authentication, go on line
WITH_ISSUER = b"\x1c\x00"


def online_card(**changes: Any) -> FakeCard:
    return FakeCard(aip=WITH_ISSUER, objects=base_objects() | ONLINE, **changes)


def answered(
    answer: AuthorizationResponse, card: FakeCard | None = None
) -> tuple[Transaction, FakeCard]:
    card = card or online_card()
    return pay(card, host=Host(answer)), card


def order(card: FakeCard) -> list[int]:
    """Instructions from the first GENERATE AC on."""
    instructions = [command.ins for command in card.commands]
    return instructions[instructions.index(0xAE) :]


def keys() -> IssuerKeys:
    return IssuerKeys(*(SecretBytes(MASTER_KEY) for _ in range(3)))


def test_a_real_issuer_and_a_card_prove_themselves_to_each_other() -> None:
    card = online_card()
    host = SoftwareIssuerHost(keys(), Rules())
    result = pay(card, host=host)
    assert (result.outcome, result.code, result.response_code) == (Outcome.APPROVED, "ISSUER", "00")
    assert card.issuer_proved
    assert result.tsi & Tsi.ISSUER_AUTHENTICATION
    assert result.findings == ()
    assert order(card) == [0xAE, 0x82, 0xAE]
    # The TC can be checked afterwards, as clearing does.
    assert result.final is not None
    assert (result.final.kind, host.examine(result.final)) == ("TC", "OK")
    assert result.first is not None
    assert result.first.kind == "ARQC"


def test_what_the_issuer_is_told() -> None:
    host = Host(AuthorizationResponse("00"))
    pay(online_card(), wanted=request(amount=1), host=host)
    [asked] = host.asked
    assert asked.chip.pan.reveal() == PAN
    assert (asked.chip.psn, asked.chip.kind, asked.online_pin) == ("01", "ARQC", False)
    assert asked.chip.value(0x9F02).hex() == "000000000001"
    assert asked.chip.value(0x9F37).hex() == "8b55633b"
    assert asked.chip.value(0x84).hex() == "f0434152445701"
    assert PAN not in repr(asked)


def test_the_issuer_is_told_of_an_online_pin() -> None:
    card = online_card()
    card.objects[0x8E] = bytes(8) + b"\2\0"
    host = Host(AuthorizationResponse("00"))
    pay(card, wanted=request("1234"), host=host)
    assert host.asked[0].online_pin


def test_the_issuers_word_counts() -> None:
    result, card = answered(AuthorizationResponse("05"))
    assert (result.outcome, result.code, result.response_code) == (Outcome.DECLINED, "ISSUER", "05")
    assert card.commands[-1].p1 == 0x00
    assert card.terminal[0x8A] == b"05"


def test_the_card_has_the_last_word() -> None:
    result, _ = answered(AuthorizationResponse("00"), online_card(kinds=(0x80, 0x00)))
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CARD_AFTER_ISSUER")


def test_a_wrong_answer_of_the_issuer_is_noted() -> None:
    result, card = answered(AuthorizationResponse("00", bytes(8) + b"00"))
    assert card.issuer_proved is False
    assert result.tvr & Tvr.ISSUER_AUTHENTICATION_FAILED
    assert "ISSUER_AUTHENTICATION_FAILED" in result.findings
    # The card is told before it decides.
    assert card.terminal[0x95] == result.tvr.encode()


@pytest.mark.parametrize("size", [1, 7, 17])
def test_an_answer_of_no_length_that_emv_has_is_not_sent(size: int) -> None:
    result, card = answered(AuthorizationResponse("00", bytes(size)))
    assert order(card) == [0xAE, 0xAE]
    assert result.tvr & Tvr.ISSUER_AUTHENTICATION_FAILED
    assert not result.tsi & Tsi.ISSUER_AUTHENTICATION


def test_a_card_without_the_command_gets_the_answer_by_its_list() -> None:
    card = FakeCard(objects=base_objects() | ONLINE)
    result, _ = answered(AuthorizationResponse("00", b"ABCDEFGH00"), card)
    assert order(card) == [0xAE, 0xAE]
    assert card.terminal[0x91] == b"ABCDEFGH00"
    assert not result.tsi & Tsi.ISSUER_AUTHENTICATION


def script(template: int, *commands: str, identifier: str = "00000001") -> bytes:
    content = tlv.encode(0x9F18, bytes.fromhex(identifier)) if identifier else b""
    content += tlv.encode_all((0x86, bytes.fromhex(command)) for command in commands)
    return tlv.encode(template, content)


def scripted(*scripts: bytes, refuses: int = -1, sw: bytes = b"\x69\x82") -> Any:
    """Result and card of a transaction with scripts; the card refuses command number so."""
    card = online_card()
    seen: list[int] = []

    def reply(_command: object) -> bytes:
        seen.append(1)
        return sw if len(seen) == refuses else b"\x90\0"

    card.replies[0xDA] = reply
    return answered(AuthorizationResponse("00", scripts=b"".join(scripts)), card)


PUT = "04DA9F14050A01020304"


def test_scripts_run_before_and_after_the_final_cryptogram() -> None:
    before, after = script(0x71, PUT, PUT), script(0x72, PUT, identifier="000000AB")
    result, card = scripted(after, before)
    assert order(card) == [0xAE, 0xDA, 0xDA, 0xAE, 0xDA]
    assert [each.hex() for each in result.script_results] == ["2000000001", "20000000ab"]
    assert result.tsi & Tsi.SCRIPT_PROCESSING
    assert result.outcome is Outcome.APPROVED


def test_a_refused_command_ends_its_script_alone() -> None:
    one, other = script(0x71, PUT, PUT, PUT), script(0x71, PUT, identifier="00000002")
    result, card = scripted(one, other, refuses=2)
    assert order(card) == [0xAE, 0xDA, 0xDA, 0xDA, 0xAE]
    assert [each.hex() for each in result.script_results] == ["1200000001", "2000000002"]
    assert result.tvr & Tvr.SCRIPT_FAILED_BEFORE_FINAL
    assert card.terminal[0x95] == result.tvr.encode()


def test_a_refused_command_after_the_final_cryptogram_is_noted() -> None:
    result, _ = scripted(script(0x72, PUT), refuses=1)
    assert result.tvr & Tvr.SCRIPT_FAILED_AFTER_FINAL
    assert [each.hex() for each in result.script_results] == ["1100000001"]
    assert (result.outcome, result.findings) == (Outcome.APPROVED, ("SCRIPT_FAILED",))


def test_a_warning_ends_no_script() -> None:
    result, _ = scripted(script(0x72, PUT, PUT), refuses=1, sw=b"\x63\xc1")
    assert [each.hex() for each in result.script_results] == ["2000000001"]


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (b"\x71\x20\x86", ["0000000000"]),
        (tlv.encode(0x71, b"\x86\x05\x00"), ["0000000000"]),
        (script(0x71, "04DA9F"), ["0000000001"]),
    ],
)
def test_scripts_that_are_none_are_not_performed(scripts: bytes, expected: list[str]) -> None:
    result, card = scripted(scripts)
    assert 0xDA not in order(card)
    assert result.tvr & Tvr.SCRIPT_FAILED_BEFORE_FINAL
    # Where the templates can't be told apart, both places in the transaction say so.
    assert [each.hex() for each in result.script_results][:1] == expected


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (script(0x71, PUT, identifier=""), ["2000000000"]),
        (script(0x71), ["2000000001"]),
        (b"\x9f\x01\x00", []),
    ],
)
def test_scripts_without_identifier_or_commands_are_good(
    scripts: bytes, expected: list[str]
) -> None:
    result, _ = scripted(scripts)
    assert [each.hex() for each in result.script_results] == expected
    assert not result.tvr & Tvr.SCRIPT_FAILED_BEFORE_FINAL


def test_the_sixteenth_command_counts_as_the_fifteenth() -> None:
    result, _ = scripted(script(0x71, *["04DA9F1400"] * 20), refuses=16)
    assert [each.hex() for each in result.script_results] == ["1f00000001"]


def test_what_the_issuer_found_is_a_finding() -> None:
    host = SoftwareIssuerHost(IssuerKeys(*(SecretBytes(b"\x11" * 16) for _ in range(3))), Rules())
    result = pay(online_card(), host=host)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "ISSUER")
    assert result.findings == ("ARQC_WRONG",)
    assert result.response_code == "05"
