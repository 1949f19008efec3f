"""Whole transactions of the software chip with the terminal and the issuer host.

Three implementations that share no code: where they agree, they agree on EMV.
"""

from __future__ import annotations

from typing import Any

import pytest

from cardwright.issuerhost import (
    Answer,
    ArpcMethod,
    ChangePin,
    Derivation,
    MessagingFormat,
    PutData,
    Rules,
    Script,
    SoftwareIssuerHost,
    UnblockPin,
)
from cardwright.secret import SecretText
from cardwright.terminal import (
    OdaMethod,
    OdaResult,
    Outcome,
    Transaction,
    TransactionRequest,
    Tsi,
    Tvr,
    read_contactless,
)
from tests.unit.terminal.card_kit import AID
from tests.unit.terminal.chip_kit import (
    CORE_AES,
    CORE_TDES,
    ChipCard,
    Order,
    contactless_directory,
    directory,
    issuer_keys,
)
from tests.unit.terminal.kit import REQUEST, pay, profile, request
from tests.unit.terminal.rsa_kit import PAN, Chain

KEYS = issuer_keys()
ONLINE = {0x9F0F: b"\xff\xff\xff\xff\xff"}
FORCED = request(forced_online=True)
PLAIN_PIN, ENCIPHERED_PIN = ({0x8E: bytes(8) + each} for each in (b"\1\0", b"\4\0"))


def card(**order: Any) -> ChipCard:
    return ChipCard([directory(), Order(KEYS, **order).personalize()])


def host(answer: Answer | None = None, **rules: Any) -> SoftwareIssuerHost:
    return SoftwareIssuerHost(KEYS, Rules(**rules), lambda _: answer or Answer())


def transact(
    chip: ChipCard,
    chain: Chain | None = None,
    wanted: TransactionRequest = FORCED,
    answer: Answer | None = None,
    **rules: Any,
) -> Transaction:
    """A transaction with the issuer; the chip is powered anew before."""
    issuer = host(answer, **rules)
    result = pay(chip, profile(chain, tac_online=b"\0\0\0\x08\0"), wanted, issuer)
    for cryptogram in (result.first, result.final):
        assert cryptogram is None or issuer.examine(cryptogram) == "OK"
    return result


def ended(result: Transaction) -> tuple[str, str, tuple[str, ...]]:
    return result.outcome.value, result.code, result.findings


APPROVED = ("approved", "ISSUER", ())


@pytest.mark.parametrize("arpc", [ArpcMethod.METHOD_1, ArpcMethod.METHOD_2])
@pytest.mark.parametrize(
    ("derivation", "issuer_data"),
    [
        (Derivation.OPTION_A, bytes.fromhex("06011203000000")),
        (Derivation.OPTION_B, CORE_TDES),
        (Derivation.OPTION_C, CORE_AES),
    ],
)
def test_issuer_and_chip_prove_themselves_to_each_other(
    derivation: Derivation, issuer_data: bytes, arpc: ArpcMethod
) -> None:
    chip = card(derivation=derivation, issuer_data=issuer_data)
    result = transact(chip, derivation=derivation, arpc=arpc)
    assert ended(result) == APPROVED
    assert result.tsi & Tsi.ISSUER_AUTHENTICATION
    assert result.final is not None
    assert (result.final.kind, result.atc) == ("TC", 1)


def test_the_issuers_proof_may_come_by_the_second_list() -> None:
    chip = card(aip=b"\x18\0", objects={0x8D: bytes.fromhex("8A02910A95059F3704")})
    assert ended(transact(chip)) == APPROVED
    applet = chip.applets[1]
    assert applet.counters["last_online_atc"] == 1


@pytest.mark.parametrize(
    ("aip", "method"),
    [(b"\x5c\0", OdaMethod.SDA), (b"\x3c\0", OdaMethod.DDA), (b"\x3d\0", OdaMethod.CDA)],
)
def test_the_chip_proves_to_be_genuine(chain: Chain, aip: bytes, method: OdaMethod) -> None:
    result = transact(card(aip=aip, chain=chain), chain)
    assert ended(result) == APPROVED
    assert result.oda == OdaResult(method, "OK")


def test_an_offline_approval_with_cda(chain: Chain) -> None:
    limits = {0x9F14: b"\2", 0x9F23: b"\4"}
    chip = card(aip=b"\x3d\0", chain=chain, internal=limits, pdol=bytes.fromhex("9F1A029F3501"))
    result = transact(chip, chain, REQUEST)
    assert ended(result) == ("approved", "OFFLINE", ())
    assert result.oda == OdaResult(OdaMethod.CDA, "OK")
    # After two of them the chip wants to go on line.
    assert transact(chip, chain, REQUEST).code == "OFFLINE"
    assert ended(transact(chip, chain, REQUEST)) == APPROVED


def test_a_chip_of_another_issuer_is_found_out(chain: Chain) -> None:
    other = Chain.make()
    result = transact(card(aip=b"\x3d\0", chain=other), chain)
    assert result.oda == OdaResult(OdaMethod.CDA, "ISSUER_CERTIFICATE_FORMAT")
    assert result.tvr & Tvr.CDA_FAILED


def test_velocity_is_counted() -> None:
    limits = {0x9F14: b"\2", 0x9F23: b"\4"}
    chip = card(objects=limits, internal=limits)
    assert transact(chip).tvr & Tvr.NEW_CARD
    assert not transact(chip).tvr & Tvr.NEW_CARD


@pytest.mark.parametrize("methods", [PLAIN_PIN, ENCIPHERED_PIN])
def test_the_pin(chain: Chain, methods: dict[int, bytes]) -> None:
    chip = card(aip=b"\x3c\0", chain=chain, objects=methods)
    result = transact(chip, chain, request("1234", forced_online=True))
    assert ended(result) == APPROVED
    assert result.cvm.result == 2


def test_a_wrong_pin_blocks_and_the_issuer_unblocks_it() -> None:
    chip = card(objects=PLAIN_PIN)
    wrong = request("9999", "9999", "9999", forced_online=True)
    result = transact(chip, wanted=wrong, answer=Answer("05"))
    assert result.tvr & Tvr.PIN_TRY_LIMIT_EXCEEDED
    assert (result.code, chip.applets[1].counters["pin_tries"]) == ("ISSUER", 0)
    # It stays blocked, whatever is keyed in.
    unblock = Answer(scripts=(Script((UnblockPin(),)),))
    result = transact(chip, wanted=request("1234", forced_online=True), answer=unblock)
    assert result.tvr & Tvr.PIN_TRY_LIMIT_EXCEEDED
    assert [each.hex() for each in result.script_results] == ["2000000001"]
    assert chip.applets[1].counters["pin_tries"] == 3
    result = transact(chip, wanted=request("1234", forced_online=True))
    assert (ended(result), result.cvm.result) == (APPROVED, 2)


SUITES = [
    (Derivation.OPTION_A, bytes.fromhex("06011203000000"), MessagingFormat.FORMAT_2),
    (Derivation.OPTION_A, CORE_TDES, MessagingFormat.FORMAT_1),
    (Derivation.OPTION_C, CORE_AES, MessagingFormat.FORMAT_1),
]


@pytest.mark.parametrize(("derivation", "issuer_data", "messaging"), SUITES)
def test_scripts_before_and_after_the_final_cryptogram(
    derivation: Derivation, issuer_data: bytes, messaging: MessagingFormat
) -> None:
    chip = card(derivation=derivation, issuer_data=issuer_data, objects=PLAIN_PIN)
    scripts = (
        Script((ChangePin(SecretText("98765")),), before_final=True),
        Script((PutData(0x9F14, b"\5"), UnblockPin()), identifier=b"\0\0\0\2"),
    )
    rules: dict[str, Any] = {"derivation": derivation, "messaging": messaging}
    result = transact(
        chip, wanted=request("1234", forced_online=True), answer=Answer(scripts=scripts), **rules
    )
    assert ended(result) == APPROVED
    assert [each.hex() for each in result.script_results] == ["2000000001", "2000000002"]
    result = transact(chip, wanted=request("98765", forced_online=True), **rules)
    assert (ended(result), result.cvm.result) == (APPROVED, 2)


def test_a_script_that_was_changed_on_the_way_is_refused() -> None:
    scripts = (Script((PutData(0x9F14, b"\5"),), before_final=True),)
    forged = IssuerOfOtherScripts(KEYS, Rules(), lambda _: Answer(scripts=scripts))
    result = pay(card(), profile(tac_online=b"\xff" * 5), REQUEST, forged)
    assert result.tvr & Tvr.SCRIPT_FAILED_BEFORE_FINAL
    assert [each.hex() for each in result.script_results] == ["1100000001"]
    assert result.findings == ("SCRIPT_FAILED",)


def test_a_script_in_a_format_that_the_chip_does_not_take_is_refused() -> None:
    scripts = (Script((PutData(0x9F14, b"\5"),)),)
    chip = card(issuer_data=CORE_TDES)
    result = transact(chip, answer=Answer(scripts=scripts), messaging=MessagingFormat.FORMAT_2)
    assert result.tvr & Tvr.SCRIPT_FAILED_AFTER_FINAL
    assert result.outcome is Outcome.APPROVED


class IssuerOfOtherScripts(SoftwareIssuerHost):
    """An issuer whose scripts were changed on the way."""

    def authorize(self, request: Any) -> Any:
        response = super().authorize(request)
        changed = response.scripts[:-1] + bytes((response.scripts[-1] ^ 1,))
        return type(response)(response.response_code, response.issuer_authentication_data, changed)


def test_a_wrong_proof_of_the_issuer_is_declined_by_the_chip() -> None:
    class Impostor(SoftwareIssuerHost):
        def authorize(self, request: Any) -> Any:
            response = super().authorize(request)
            data = response.issuer_authentication_data
            return type(response)("00", bytes((data[0] ^ 1,)) + data[1:])

    result = pay(card(), profile(tac_online=b"\xff" * 5), REQUEST, Impostor(KEYS, Rules()))
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CARD_AFTER_ISSUER")
    assert result.tvr & Tvr.ISSUER_AUTHENTICATION_FAILED


def test_a_chip_with_other_keys_is_declined_by_the_issuer() -> None:
    stranger = SoftwareIssuerHost(issuer_keys(), Rules(derivation=Derivation.OPTION_B))
    assert pay(card(), profile(tac_online=b"\xff" * 5), REQUEST, stranger).code == "ISSUER"
    swapped = type(KEYS)(KEYS.smi, KEYS.ac, KEYS.smc)
    stranger = SoftwareIssuerHost(swapped, Rules())
    result = pay(card(), profile(tac_online=b"\xff" * 5), REQUEST, stranger)
    assert ended(result) == ("declined", "ISSUER", ("ARQC_WRONG",))


def test_the_chip_over_its_antenna() -> None:
    applet = Order(KEYS).personalize()
    chip = ChipCard([contactless_directory(), applet], contactless=True)
    found = read_contactless(chip, profile(), REQUEST)
    assert (found.code, found.aid) == ("READ", AID)
    assert found.objects[0x5A].reveal() == bytes.fromhex(PAN)
