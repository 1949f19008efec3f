"""PINs in the security module; psec is the oracle for blocks, PVV and offsets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec import pin as psec_pin
from psec import pinblock as psec

from cardwright.cipher import ClearTdes
from cardwright.hsm.pins import PinItem, PinTranslation, PreparedPin
from cardwright.hsm.port import HsmError, WrappedDataKey
from cardwright.payment.pin import is_weak
from cardwright.proto.vault.v1.sections_pb2 import PinSection
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import open_sealed, parse_sealed
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.inventory import Inventory
from services.keymanagement.module.provision import beginnings
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.values import check_value, make
from services.keymanagement.module.verbs.all import Verbs
from tests.unit.keymanagement.module_kit import ISSUER, PAN, Kit, caller, no_stores

# The oracle imports triple DES from where it is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

PVK, IBM, PEK = f"{ISSUER}/PVK", f"{ISSUER}/IBM-PIN", f"{ISSUER}/PEK"
ITEM = PinItem("card", SecretText(PAN))


def prepared(kit: Kit, item: PinItem) -> PreparedPin:
    (pin,) = kit.verbs.prepare_pins(caller("dataprep"), [item])
    assert not isinstance(pin, HsmError), pin.code
    return pin


def refusal(kit: Kit, item: PinItem) -> HsmError:
    (refused,) = kit.verbs.prepare_pins(caller("dataprep"), [item])
    assert isinstance(refused, HsmError)
    return refused


def mailed(kit: Kit, pin: PreparedPin, card: str = "card") -> str:
    """Open as the PIN mailer's station does."""
    blob = parse_sealed(pin.sealed_for_mailer)
    wrapped = WrappedDataKey(card, blob.key_id, blob.ephemeral, blob.wrapped_key)
    (key,) = kit.verbs.unwrap_data_keys(caller("pinmailer"), "pin", [wrapped])
    assert key is not None
    return PinSection.FromString(open_sealed(blob, card, "pin", key).reveal()).pin


def issuers_block(kit: Kit, pin: str, pan: str = PAN) -> bytes:
    clear = psec.encode_pinblock_iso_0(pin, pan)
    return ClearTdes(kit.value(PEK)).encrypt(clear)


@pytest.mark.parametrize("length", [4, 6, 12])
def test_a_drawn_pin_is_of_the_length_asked_for_and_not_weak(kit: Kit, length: int) -> None:
    pins = {mailed(kit, prepared(kit, replace(ITEM, length=length))) for _ in range(8)}
    assert {len(pin) for pin in pins} == {length}
    assert not [pin for pin in pins if is_weak(SecretText(pin))]
    assert len(pins) > 1


def test_the_pin_for_the_chip_is_the_mailed_one_and_nobody_opens_it(kit: Kit) -> None:
    pin = prepared(kit, ITEM)
    blob = parse_sealed(pin.sealed_for_chip)
    assert blob.key_id.startswith("section/card_pin#")
    opened = kit.opened("card_pin", "card", pin.sealed_for_chip)
    assert PinSection.FromString(opened.reveal()).pin == mailed(kit, pin)
    assert prepared(kit, replace(ITEM, mailed=False)).sealed_for_mailer == b""


def test_a_drawn_pin_has_the_pvv_that_psec_computes(kit: Kit) -> None:
    pin = prepared(kit, replace(ITEM, method="pvv", pvk=PVK, pvk_index=3))
    expected = psec_pin.generate_visa_pvv(kit.value(PVK).reveal(), "3", mailed(kit, pin), PAN)
    assert pin.verification.reveal() == expected


def test_a_drawn_pin_has_the_offset_that_psec_computes(kit: Kit) -> None:
    pin = prepared(kit, replace(ITEM, method="ibm3624", pvk=IBM, length=6))
    expected = psec_pin.generate_ibm3624_offset(
        kit.value(IBM).reveal(),
        "0123456789012345",
        mailed(kit, pin),
        PAN,
        pan_verify_offset=0,
        pan_verify_length=16,
        pan_pad="F",
    )
    assert pin.verification.reveal() == expected


@settings(max_examples=25, deadline=None)
@given(pin=st.text("0123456789", min_size=4, max_size=12))
def test_an_issuers_pin_is_taken_over(kit: Kit, pin: str) -> None:
    item = replace(ITEM, pin_block=issuers_block(kit, pin), pin_key=PEK)
    assert mailed(kit, prepared(kit, item)) == pin


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"length": 3}, "PIN_DIGITS"),
        ({"length": 13}, "PIN_DIGITS"),
        ({"method": "md5"}, "PIN_METHOD"),
        ({"method": "pvv", "pvk": IBM, "pvk_index": 1}, "KEY_USAGE"),
        ({"method": "ibm3624", "pvk": PVK}, "KEY_USAGE"),
        ({"method": "pvv", "pvk": f"{ISSUER}/CVK", "pvk_index": 1}, "HSM_DENIED"),
        ({"method": "pvv", "pvk": "nobody/PVK", "pvk_index": 1}, "KEY_UNKNOWN"),
        ({"method": "pvv", "pvk": PVK, "pvk_index": 7}, "PIN_INDEX"),
        ({"method": "pvv", "pvk": PVK, "pvk_index": 1, "pan": SecretText("12")}, "PIN_PAN"),
        ({"pin_block": bytes(7), "pin_key": PEK}, "PIN_BLOCK_LENGTH"),
        ({"pin_block": bytes(8), "pin_key": PVK}, "KEY_USAGE"),
        ({"pin_block": bytes(8), "pin_key": f"{ISSUER}/CVK"}, "HSM_DENIED"),
        ({"pin_block": bytes(16), "pin_key": PEK}, "PIN_KEY"),
        ({"method": "pvv", "pvk": PVK, "environment": "live"}, "KEY_ENVIRONMENT"),
        ({"method": "ibm3624", "pvk": IBM, "environment": "live"}, "KEY_ENVIRONMENT"),
        ({"pin_block": bytes(8), "pin_key": PEK, "environment": "live"}, "KEY_ENVIRONMENT"),
    ],
)
def test_what_no_pin_can_be_made_of_is_told_by_code(
    kit: Kit, change: dict[str, object], code: str
) -> None:
    assert refusal(kit, replace(ITEM, **change)).code == code  # type: ignore[arg-type]


def test_one_code_tells_all_that_can_be_wrong_in_a_deciphered_block(kit: Kit) -> None:
    # Control field, length, digits, filler, account: one answer, or trials would find the PIN.
    tdes = ClearTdes(kit.value(PEK))
    clear = psec.encode_pinblock_iso_0("1234", PAN)
    wrong = [bytes((clear[0] ^ bits,)) + clear[1:] for bits in (0x30, 0x0E, 0x07)]
    wrong += [clear[:2] + bytes((clear[2] ^ 0xC0,)) + clear[3:], clear[:-1] + b"\0"]
    blocks = [tdes.encrypt(each) for each in wrong]
    blocks.append(issuers_block(kit, "1234", "9999990000000015"))
    for block in blocks:
        error = refusal(kit, replace(ITEM, pin_block=block, pin_key=PEK))
        assert error.code == "PIN_BLOCK"
        assert not {"1234", PAN, block.hex()} & set(str(error).split())


def test_blocks_are_translated_as_psec_reads_them(kit: Kit) -> None:
    tdes = ClearTdes(kit.value(PEK))
    readers = {
        0: psec.decode_pinblock_iso_0,
        3: psec.decode_pinblock_iso_3,
    }
    for form, read in readers.items():
        item = PinTranslation(issuers_block(kit, "90817"), SecretText(PAN), PEK, 0, PEK, form)
        (block,) = kit.verbs.translate_pins(caller("dataprep"), [item])
        assert not isinstance(block, HsmError), block.code
        assert read(tdes.decrypt(block), PAN) == "90817"


def test_no_pin_goes_from_a_test_key_to_a_live_one(kit: Kit) -> None:
    own = next(key for key in kit.keys if key.label == PEK)
    value = make(own.usage, own.algorithm)
    live = replace(own, label="other/PEK", kcv=check_value(own.algorithm, value))
    backend = SoftwareBackend({**kit.keys, live: value})
    changes = [
        replace(each, terms=replace(each.terms, environment="live")) if each.key == live else each
        for each in beginnings(backend.keys(), backend)
    ]
    verbs = Verbs(backend, KeyDirectory(backend, Inventory.of(changes)), no_stores())
    item = PinTranslation(issuers_block(kit, "90817"), SecretText(PAN), PEK, 0, live.label, 0)
    (refused,) = verbs.translate_pins(caller("dataprep"), [item])
    assert isinstance(refused, HsmError)
    assert refused.code == "KEY_ENVIRONMENT"


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [(0, 1, "PIN_TRANSLATION"), (2, 0, "PIN_TRANSLATION"), (3, 1, "PIN_TRANSLATION"),
     (0, 5, "PIN_FORMAT"), (0, 4, "PIN_KEY"), (1, 0, "PIN_BLOCK")],
)  # fmt: skip
def test_translations_that_the_standard_forbids_are_refused(
    kit: Kit, source: int, target: int, code: str
) -> None:
    block = issuers_block(kit, "1234")
    item = PinTranslation(block, SecretText(PAN), PEK, source, PEK, target)
    (refused,) = kit.verbs.translate_pins(caller("dataprep"), [item])
    assert isinstance(refused, HsmError)
    assert refused.code == code


def test_one_bad_pin_stops_no_other(kit: Kit) -> None:
    bad = replace(ITEM, card_id="bad", length=3)
    refused, good = kit.verbs.prepare_pins(caller("dataprep"), [bad, ITEM])
    assert isinstance(refused, HsmError)
    assert isinstance(good, PreparedPin)
    assert mailed(kit, good)


def test_secrets_do_not_show(kit: Kit) -> None:
    pin = prepared(kit, replace(ITEM, method="pvv", pvk=PVK, pvk_index=1))
    assert pin.verification.reveal() not in repr(pin)
    assert isinstance(kit.value(PVK), SecretBytes)
    assert mailed(kit, pin) not in repr(pin)
