from __future__ import annotations

import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.signing import VerifyKey
from pyemv.cvv import generate_cvc3
from pyemv.kd import derive_icc_mk_a

from cardwright.chip import Chip, manufacture
from cardwright.cipher import ClearTdes
from cardwright.emv.keys import derive_option_a, kcv
from cardwright.globalplatform.scp03 import initialize_update
from cardwright.globalplatform.store_data import encode_dgi
from cardwright.hsm.chips import ChipApplication
from cardwright.hsm.points import point
from cardwright.hsm.port import (
    Agreement,
    CardValues,
    CardValuesItem,
    ChipToPersonalize,
    Cvc3Tracks,
    DerivedCardKeys,
    HsmError,
    SealedItem,
    WrappedDataKey,
)
from cardwright.payment.cvc3 import cvc3
from cardwright.payment.cvv import cvv, cvv2, icvv
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import open_sealed, parse_sealed
from tests.unit.keymanagement.module_kit import (
    APPLICATION,
    EMV_MASTERS,
    ISSUER,
    PAN,
    Kit,
    caller,
)

CARD = CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "3012", "201")
CHALLENGE = bytes(range(8))
OK = b"\x90\x00"
SERIAL = bytes.fromhex("00010000427700001234")
EMV_MODULE = b"\xf0CWEMV\x01"


def test_signatures_verify_with_the_callers_public_key(kit: Kit) -> None:
    signed = kit.verbs.sign(caller("printing"), [b"one", b"two"])
    (public,) = kit.verbs.public_keys(caller("custody"), "sign/printing.site-1")
    assert signed.key_id == public.key_id == "sign/printing.site-1#1"
    for payload, signature in zip((b"one", b"two"), signed.signatures, strict=True):
        VerifyKey(public.value).verify(payload, signature)


def test_public_keys_are_of_key_pairs_alone(kit: Kit) -> None:
    found = {key.key_id: key for key in kit.verbs.public_keys(caller("custody"), "")}
    assert "bureau/request#1" in found
    assert "section/print#1" in found
    assert not [name for name in found if name.startswith((ISSUER, "digest/", "chip/"))]
    assert {len(key.value) for key in found.values() if key.algorithm == "P-256"} == {65}
    assert {len(key.value) for key in found.values() if key.algorithm == "Ed25519"} == {32}


def test_both_sides_of_an_agreement_get_the_same_secret(kit: Kit) -> None:
    ours = ec.generate_private_key(ec.SECP256R1())
    (bureau,) = kit.verbs.public_keys(caller("request"), "bureau/request")
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bureau.value)
    good, off_curve, unknown, denied = kit.verbs.agree(
        caller("request"),
        [
            Agreement("bureau/request#1", point(ours.public_key())),
            Agreement("bureau/request#1", b"\x04" + bytes(64)),
            Agreement("bureau/request#2", point(ours.public_key())),
            Agreement("section/print#1", point(ours.public_key())),
        ],
    )
    assert good == SecretBytes(ours.exchange(ec.ECDH(), peer))
    codes = [each.code for each in (off_curve, unknown, denied) if isinstance(each, HsmError)]
    assert codes == ["AGREE_PUBLIC_KEY", "KEY_UNKNOWN", "HSM_DENIED"]


def test_digests_are_hmacs_under_the_named_key(kit: Kit) -> None:
    values = [SecretBytes(PAN.encode()), SecretBytes(b"")]
    assert kit.verbs.digest(caller("dataprep"), "digest/pan", values) == [
        hmac.digest(kit.value("digest/pan").reveal(), value.reveal(), "sha256") for value in values
    ]


def test_card_values_are_the_standards(kit: Kit) -> None:
    key = ClearTdes(kit.value(f"{ISSUER}/CVK"))
    item = CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "3012", "201")
    (values,) = kit.verbs.card_values(caller("dataprep"), [item])
    assert not isinstance(values, HsmError), values.code
    assert values.cvv.reveal() == cvv(key, PAN, "3012", "201")
    assert values.cvv2.reveal() == cvv2(key, PAN, "3012")
    assert values.icvv.reveal() == icvv(key, PAN, "3012")


# The oracle imports triple DES from where it is deprecated.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_cvc3_starts_from_vectors_that_pyemv_takes(kit: Kit) -> None:
    track_1 = f"B{PAN}^GARCIA/MARIA^3012201000000000"
    track_2 = f"{PAN}=30122010000000000000"
    tracks = Cvc3Tracks(f"{ISSUER}/IMK-CVC3", "01", SecretText(track_1), SecretText(track_2))
    item = replace(CARD, cvc3=tracks)
    (values,) = kit.verbs.card_values(caller("dataprep"), [item])
    assert not isinstance(values, HsmError), values.code
    card = derive_icc_mk_a(kit.value(f"{ISSUER}/IMK-CVC3").reveal(), PAN, "01")
    ours = ClearTdes(SecretBytes(card))
    packed = bytes.fromhex(track_2.replace("=", "D") + "F" * (len(track_2) % 2))
    for vector, track in (
        (values.track1_vector, track_1.encode()),
        (values.track2_vector, packed),
    ):
        code = cvc3(ours, vector, 1234, 7)
        assert int(code) == int(generate_cvc3(card, track, b"\0\7", bytes.fromhex("00001234")))
    none = replace(item, cvc3=replace(tracks, track1=SecretText("")))
    (only_2,) = kit.verbs.card_values(caller("dataprep"), [none])
    assert isinstance(only_2, CardValues)
    assert (only_2.track1_vector, len(only_2.track2_vector)) == (b"", 2)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (
            replace(CARD, cvc3=Cvc3Tracks(f"{ISSUER}/IMK-AC", "01", SecretText(""), CARD.pan)),
            "HSM_DENIED",
        ),
        (
            replace(CARD, cvc3=Cvc3Tracks(f"{ISSUER}/IMK-CVC3", "1", SecretText(""), CARD.pan)),
            "DERIVATION_INPUT",
        ),
        (
            replace(CARD, cvc3=Cvc3Tracks(f"{ISSUER}/IMK-CVC3", "01", SecretText(""), CARD.pan)),
            "CVV_INPUT",
        ),
        (CardValuesItem(f"{ISSUER}/CVK", SecretText("12"), "3012", "201"), "CVV_INPUT"),
        (CardValuesItem("nobody/CVK", SecretText(PAN), "3012", "201"), "KEY_UNKNOWN"),
        (CardValuesItem(f"{ISSUER}/IMK-AC", SecretText(PAN), "3012", "201"), "HSM_DENIED"),
        (
            CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "3012", "201", "live"),
            "KEY_ENVIRONMENT",
        ),
    ],
)
def test_what_no_card_values_can_be_computed_of_stops_no_other(
    kit: Kit, item: CardValuesItem, code: str
) -> None:
    good = CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "3012", "201")
    refused, values = kit.verbs.card_values(caller("dataprep"), [item, good])
    assert isinstance(refused, HsmError)
    assert refused.code == code
    assert PAN not in str(refused)
    assert isinstance(values, CardValues)


def test_emv_keys_derive_by_option_a_and_leave_sealed(kit: Kit) -> None:
    (derived,) = kit.verbs.derive_card_keys(
        caller("keymanagement"), kit.recipes(["card"], EMV_MASTERS)
    )
    assert not isinstance(derived, HsmError), derived.code
    expected = {
        usage: derive_option_a(ClearTdes(kit.value(label)), PAN, "01")
        for usage, label in EMV_MASTERS.items()
    }
    assert {each.usage: each.kcv for each in derived.checks} == {
        usage: kcv(ClearTdes(key)) for usage, key in expected.items()
    }
    assert {each.master for each in derived.checks} == {
        f"{name}#1" for name in EMV_MASTERS.values()
    }
    assert not [key for key in expected.values() if key.reveal() in derived.sealed]


def test_one_bad_card_does_not_stop_its_batch(kit: Kit) -> None:
    good = kit.recipes(["good"], EMV_MASTERS)
    bad = [
        SealedItem("moved", good[0].sealed),
        SealedItem("garbage", b"\xff\xff"),
        *kit.recipes(["strange-usage"], {"MK-XY": f"{ISSUER}/IMK-AC"}),
        *kit.recipes(["strange-master"], {**EMV_MASTERS, "MK-AC": "nobody/IMK-AC"}),
        *kit.recipes(["wrong-master"], {**EMV_MASTERS, "MK-AC": f"{ISSUER}/BADGE"}),
        *kit.recipes(["no-number"], EMV_MASTERS, diversifier="E4711"),
        *kit.recipes(["no-ascii"], EMV_MASTERS, diversifier="\u0661" * 16),
    ]
    *refused, derived = kit.verbs.derive_card_keys(caller("keymanagement"), bad + good)
    assert isinstance(derived, DerivedCardKeys)
    errors = [each for each in refused if isinstance(each, HsmError)]
    assert [error.code for error in errors] == [
        "SEALED_KEY",
        "SEALED_MALFORMED",
        "CARD_KEY_USAGE",
        "KEY_UNKNOWN",
        "KEY_USAGE",
        "DERIVATION_INPUT",
        "SECTION_MALFORMED",
    ]
    assert not [error for error in errors if "E4711" in str(error)]


def personalized(kit: Kit, chip: Chip, item: ChipToPersonalize) -> list[bytes]:
    (script,) = kit.verbs.personalize(caller("encoding"), [item])
    assert not isinstance(script, HsmError), script.code
    return [chip.process(command) for command in script]


def chip_item(chip: Chip, dgis: list[bytes], sealed: bytes) -> ChipToPersonalize:
    return ChipToPersonalize(
        card_id="card",
        kmc="chip/KMC",
        host_challenge=CHALLENGE,
        initialize_update=chip.process(initialize_update(CHALLENGE))[:-2],
        sealed_keys=sealed,
        applications=(ChipApplication(EMV_MODULE, APPLICATION, tuple(dgis)),),
    )


def derived_for(kit: Kit, masters: dict[str, str]) -> DerivedCardKeys:
    (derived,) = kit.verbs.derive_card_keys(caller("keymanagement"), kit.recipes(["card"], masters))
    assert not isinstance(derived, HsmError), derived.code
    return derived


def test_a_chip_takes_the_whole_emv_script(kit: Kit) -> None:
    # The chip checks the keys that it deciphers against the check values that come with them.
    chip = manufacture(SERIAL, kit.value("chip/KMC").reveal())
    dgis = [
        encode_dgi(0x0101, bytes.fromhex("70088C029A038D029A03")),
        encode_dgi(0x9102, bytes.fromhex("A50C500A") + b"CARDWRIGHT"),
        encode_dgi(0x9104, bytes.fromhex("82021800940408010100")),
    ]
    sealed = derived_for(kit, EMV_MASTERS).sealed
    answers = personalized(kit, chip, chip_item(chip, dgis, sealed))
    assert {each[-2:].hex() for each in answers} == {"9000"}
    assert chip.process(bytes.fromhex("00A4040007") + APPLICATION)[-2:] == OK


def test_a_foreign_chip_and_moved_keys_are_told_by_code(kit: Kit) -> None:
    foreign = manufacture(SERIAL, bytes(16))
    ours = manufacture(SERIAL, kit.value("chip/KMC").reveal())
    sealed = derived_for(kit, EMV_MASTERS).sealed
    (moved,) = kit.verbs.derive_card_keys(
        caller("keymanagement"), kit.recipes(["other"], EMV_MASTERS)
    )
    assert not isinstance(moved, HsmError), moved.code
    items = [
        chip_item(foreign, [], sealed),
        chip_item(ours, [], moved.sealed),
        replace(chip_item(ours, [], sealed), applications=()),
    ]
    results = kit.verbs.personalize(caller("encoding"), items)
    assert [each.code for each in results if isinstance(each, HsmError)] == [
        "SCP03_CARD_CRYPTOGRAM",
        "SEALED_KEY",
        "CHIP_KEYS",
    ]


def test_unwrapped_data_keys_open_their_sections(kit: Kit) -> None:
    sealed = kit.sealer.seal_batch("print", {"a": b"of a", "b": b"of b"})
    blobs = {card: parse_sealed(blob) for card, blob in sealed.items()}
    items = [
        WrappedDataKey(card, blob.key_id, blob.ephemeral, blob.wrapped_key)
        for card, blob in blobs.items()
    ]
    off_curve = WrappedDataKey("a", "section/print#1", b"\x04" + bytes(64), items[0].wrapped_key)
    *keys, refused = kit.verbs.unwrap_data_keys(caller("printing"), "print", [*items, off_curve])
    assert refused is None
    opened = {
        card: open_sealed(blobs[card], card, "print", key).reveal()
        for card, key in zip(blobs, keys, strict=True)
        if key is not None
    }
    assert opened == {"a": b"of a", "b": b"of b"}
