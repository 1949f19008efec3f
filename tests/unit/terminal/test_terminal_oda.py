"""Offline data authentication within a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from cardwright.iso import tlv
from cardwright.issuerhost.messages import AuthorizationResponse
from cardwright.terminal import (
    Capability,
    OdaMethod,
    OdaResult,
    Outcome,
    RevokedCertificate,
    Transaction,
    Tsi,
    Tvr,
)
from cardwright.terminal.flags import Aip
from cardwright.terminal.offline import choose
from tests.unit.terminal.card_kit import OK, FakeCard, base_objects, dda_card, sda_card
from tests.unit.terminal.kit import EVERYTHING, Host, pay, profile, request
from tests.unit.terminal.rsa_kit import CA_INDEX, RID, SERIAL, Chain, Key

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

CDA = b"\x39\x00"
TC, ARQC = 0x40, 0x80


def test_the_strongest_common_method_is_taken() -> None:
    everything = Aip.SDA | Aip.DDA | Aip.CDA
    assert choose(everything, EVERYTHING) is OdaMethod.CDA
    assert choose(everything, Capability.SDA | Capability.DDA) is OdaMethod.DDA
    assert choose(Aip.SDA | Aip.CDA, Capability.SDA | Capability.DDA) is OdaMethod.SDA
    assert choose(Aip.CDA, Capability.DDA) is OdaMethod.NONE


def test_a_card_without_it_is_noted() -> None:
    result = pay(FakeCard())
    assert result.oda == OdaResult(OdaMethod.NONE, "NOT_PERFORMED")
    assert result.tvr & Tvr.ODA_NOT_PERFORMED
    assert not result.tsi & Tsi.OFFLINE_DATA_AUTHENTICATION


def test_sda(chain: Chain) -> None:
    card = sda_card(chain)
    result = pay(card, profile(chain))
    assert result.oda == OdaResult(OdaMethod.SDA, "OK")
    assert result.tvr == Tvr.SDA_SELECTED
    assert result.tsi & Tsi.OFFLINE_DATA_AUTHENTICATION
    assert result.outcome is Outcome.APPROVED
    assert card.terminal[0x9F45] == b"\xda\xc0"


def test_dda(chain: Chain) -> None:
    result = pay(dda_card(chain), profile(chain))
    assert result.oda == OdaResult(OdaMethod.DDA, "OK")
    assert result.tvr == Tvr(0)
    assert result.objects[0x9F4C].reveal() == b"\x11\x22\x33\x44"


def test_dda_with_the_cards_own_list_and_answer_format_2(chain: Chain) -> None:
    card = dda_card(chain, objects=base_objects() | {0x9F49: bytes.fromhex("9F02069F3704")})
    card.replies[0x88] = lambda command: (
        tlv.encode(0x77, tlv.encode(0x9F4B, chain.dynamic_signature(command.data))) + OK
    )
    result = pay(card, profile(chain))
    assert result.oda.ok
    sent = next(command.data for command in card.commands if command.ins == 0x88)
    assert sent.hex() == "0000000012348b55633b"


def test_cda_offline(chain: Chain) -> None:
    card = dda_card(chain, CDA, pdol=bytes.fromhex("9F1A02"))
    result = pay(card, profile(chain))
    assert (result.outcome, result.code) == (Outcome.APPROVED, "OFFLINE")
    assert result.oda == OdaResult(OdaMethod.CDA, "OK")
    assert card.commands[-1].p1 == TC | 0x10
    assert result.final is not None
    assert result.final.value(0x9F26) == card.first_cryptogram
    assert 0x9F4B not in result.final.objects


def test_cda_on_line_is_signed_twice(chain: Chain) -> None:
    card = dda_card(chain, CDA)
    host = Host(AuthorizationResponse("00"))
    result = pay(card, profile(chain), request(forced_online=True), host)
    assert (result.outcome, result.code) == (Outcome.APPROVED, "ISSUER")
    assert [command.p1 for command in card.commands if command.ins == 0xAE] == [0x90, 0x50]
    assert host.asked[0].chip.value(0x9F26) == card.first_cryptogram


def test_a_bad_signature_of_a_tc_declines(chain: Chain) -> None:
    result = pay(dda_card(chain, CDA, bad_signatures=(0,)), profile(chain))
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CDA_FAILED")
    assert result.oda == OdaResult(OdaMethod.CDA, "SDAD_TRANSACTION_DATA")
    assert result.tvr & Tvr.CDA_FAILED
    assert result.response_code == "Z1"


def test_a_bad_signature_of_an_arqc_declines_without_asking_the_issuer(chain: Chain) -> None:
    card = dda_card(chain, CDA, bad_signatures=(0,), kinds=(ARQC,))
    host = Host(AuthorizationResponse("00"))
    result = pay(card, profile(chain), host=host)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CDA_FAILED")
    assert not host.asked
    # The second GENERATE AC asks for an AAC, unsigned.
    assert [command.p1 for command in card.commands if command.ins == 0xAE] == [0x50, 0x00]
    assert card.terminal[0x95] == result.tvr.encode()


def test_a_bad_signature_of_the_last_tc_declines_whatever_the_issuer_said(chain: Chain) -> None:
    card = dda_card(chain, CDA, bad_signatures=(1,))
    host = Host(AuthorizationResponse("00"))
    result = pay(card, profile(chain), request(forced_online=True), host)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CDA_FAILED")
    assert result.response_code == "00"


def test_a_signed_answer_without_a_signature_declines(chain: Chain) -> None:
    card = dda_card(chain, CDA)
    body = bytes.fromhex("9F2701409F360200019F26080102030405060708")
    card.replies[0xAE] = lambda _: tlv.encode(0x77, body) + OK
    result = pay(card, profile(chain))
    assert (result.code, result.oda.code) == ("CDA_FAILED", "SDAD_MISSING")


def test_a_signature_of_another_kind_declines(chain: Chain) -> None:
    card = dda_card(chain, CDA)

    def reply(_command: object) -> bytes:
        signature = chain.dynamic_signature(bytes.fromhex("8B55633B"), b"\x80" + bytes(28))
        body = bytes.fromhex("9F2701409F36020001") + tlv.encode(0x9F4B, signature)
        return tlv.encode(0x77, body) + OK

    card.replies[0xAE] = reply
    result = pay(card, profile(chain))
    assert (result.code, result.oda.code) == ("CDA_FAILED", "SDAD_CID")
    assert result.final is not None
    assert result.final.value(0x9F26) == b""


def test_a_key_that_can_not_be_recovered_asks_for_no_signature(chain: Chain) -> None:
    lenient = base_objects() | {0x9F0D: bytes(5), 0x9F0F: bytes(5)}
    card = dda_card(chain, CDA, objects=lenient)
    result = pay(card, profile())
    assert result.oda == OdaResult(OdaMethod.CDA, "CA_KEY_MISSING")
    assert result.tvr == Tvr.CDA_FAILED
    assert card.commands[-1].p1 == TC
    assert result.outcome is Outcome.APPROVED  # these action codes let it pass


def test_nobody_asks_to_sign_what_declines(chain: Chain) -> None:
    card = dda_card(chain, CDA)
    denies = profile(chain, tac_denial=b"\0\0\0\x08\0")
    assert pay(card, denies, request(forced_online=True)).code == "TERMINAL"
    assert card.commands[-1].p1 == 0x00
    card = dda_card(chain, CDA)
    host = Host(AuthorizationResponse("05"))
    pay(card, profile(chain), request(forced_online=True), host)
    assert [command.p1 for command in card.commands if command.ins == 0xAE] == [0x90, 0x00]


def test_an_aac_is_not_signed(chain: Chain) -> None:
    result = pay(dda_card(chain, CDA, kinds=(0,)), profile(chain))
    assert (result.outcome, result.code) == (Outcome.DECLINED, "CARD")
    assert result.oda == OdaResult(OdaMethod.CDA, "NOT_SIGNED")


def without(tag: int) -> Callable[[FakeCard], None]:
    def change(card: FakeCard) -> None:
        for objects in card.extra:
            objects.pop(tag, None)

    return change


@pytest.mark.parametrize("tag", [0x8F, 0x90, 0x9F32, 0x9F46, 0x9F47])
def test_missing_objects_are_noted(chain: Chain, tag: int) -> None:
    card = dda_card(chain)
    without(tag)(card)
    result = pay(card, profile(chain))
    assert result.oda == OdaResult(OdaMethod.DDA, "ICC_DATA_MISSING")
    assert result.tvr == Tvr.DDA_FAILED | Tvr.ICC_DATA_MISSING


def test_a_missing_static_signature_is_noted(chain: Chain) -> None:
    card = sda_card(chain)
    without(0x93)(card)
    result = pay(card, profile(chain))
    assert result.oda.code == "ICC_DATA_MISSING"
    assert result.tvr == Tvr.SDA_SELECTED | Tvr.SDA_FAILED | Tvr.ICC_DATA_MISSING


def changed_record(chain: Chain, objects: dict[int, bytes], card: FakeCard | None = None) -> str:
    """The code of a DDA card whose signed record was changed after it was signed."""
    card = card or dda_card(chain)
    card.objects |= objects
    return pay(card, profile(chain)).oda.code


def test_changed_static_data_are_found_out(chain: Chain) -> None:
    assert changed_record(chain, {0x5F24: bytes.fromhex("291231")}) == "ICC_CERTIFICATE_HASH"
    assert changed_record(chain, {0x9F4A: b"\x82\x94"}) == "SDA_TAG_LIST"
    assert changed_record(chain, {0x9F4A: b""}) == "SDA_TAG_LIST"
    assert changed_record(chain, {}, dda_card(chain)) == "OK"


def test_without_a_tag_list_the_aip_is_not_signed(chain: Chain) -> None:
    objects = base_objects()
    del objects[0x9F4A]
    card = FakeCard(aip=b"\x38\0", objects=objects, chain=chain)
    static = card.static_data[:-2]
    card.extra += [chain.issuer_objects(), chain.icc_objects(static)]
    assert pay(card, profile(chain)).oda.ok


def coded(result: Transaction) -> tuple[str, Tvr]:
    return result.oda.code, result.tvr


def test_authority_and_certificates_must_be_current(chain: Chain) -> None:
    expired = replace(chain.ca_public, expiry=dt.date(2026, 11, 22))
    result = pay(dda_card(chain), profile(ca_keys=(expired,)))
    assert coded(result) == ("CA_KEY_EXPIRED", Tvr.DDA_FAILED)
    revoked = frozenset({RevokedCertificate(RID, CA_INDEX, SERIAL)})
    result = pay(dda_card(chain), profile(chain, revoked=revoked))
    assert coded(result) == ("ISSUER_CERTIFICATE_REVOKED", Tvr.DDA_FAILED)
    card = dda_card(chain)
    card.extra[0] = chain.issuer_objects(expiry=b"\x10\x26")
    assert pay(card, profile(chain)).oda.code == "ISSUER_CERTIFICATE_EXPIRED"
    card = dda_card(chain)
    card.extra[1] = chain.icc_objects(card.static_data, expiry=b"\x10\x26")
    assert pay(card, profile(chain)).oda.code == "ICC_CERTIFICATE_EXPIRED"
    card = dda_card(chain)
    card.extra[1] = chain.icc_objects(card.static_data, pan="9999991234567891")
    assert pay(card, profile(chain)).oda.code == "ICC_CERTIFICATE_PAN"


def test_a_card_whose_key_is_not_the_certified_one_fails(chain: Chain) -> None:
    card = dda_card(chain)
    card.chain = replace(chain, icc=Key.make(1024))
    assert coded(pay(card, profile(chain))) == ("SDAD_FORMAT", Tvr.DDA_FAILED)


def test_a_list_without_an_unpredictable_number_fails(chain: Chain) -> None:
    for ddol in ("9F0206", "9F37"):
        card = dda_card(chain, objects=base_objects() | {0x9F49: bytes.fromhex(ddol)})
        assert pay(card, profile(chain)).oda.code == "DDOL"


def test_internal_authenticate_must_be_answered(chain: Chain) -> None:
    card = dda_card(chain)
    card.replies[0x88] = lambda _: b"\x6a\x80"
    result = pay(card, profile(chain))
    assert (result.outcome, result.code) == (Outcome.TERMINATED, "DDA_REFUSED")
    for answer in (b"\x90\0", b"\x77\x05\x9f\x90\0"):
        card = dda_card(chain)
        card.replies[0x88] = lambda _, answer=answer: answer  # type: ignore[misc]  # bound here
        assert pay(card, profile(chain)).oda.code == "SDAD_MISSING"


def test_signed_records_of_other_files_count_with_their_template(chain: Chain) -> None:
    card = FakeCard(aip=b"\x38\0", chain=chain)
    record = b"\x70\x03\xdf\x01\0"
    static = card.static_data[:-2] + record + card.aip
    card.extra += [chain.issuer_objects(), chain.icc_objects(static)]
    afl = bytes.fromhex("080101015801010110010200")
    card.replies[0xA8] = lambda _: (
        tlv.encode(0x77, tlv.encode_all(((0x82, card.aip), (0x94, afl)))) + OK
    )
    card.replies[0xB2] = lambda command: (
        record + OK if command.p2 >> 3 == 11 else card._read(command)
    )
    assert pay(card, profile(chain)).oda.ok
    record, card.first_cryptogram = b"\xdf\x01\0", b""
    assert pay(card, profile(chain)).oda.code == "STATIC_DATA"
    # What is signed after it does not mend it.
    afl, card.first_cryptogram = bytes.fromhex("580101010801010110010200"), b""
    assert pay(card, profile(chain)).oda.code == "STATIC_DATA"
