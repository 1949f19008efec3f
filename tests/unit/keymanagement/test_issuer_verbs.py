"""The issuer's host in the security module; pyemv makes cards' cryptograms and is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import ac, kd, sm

from cardwright.emv.script import application_block, pin_change, pin_unblock, put_data
from cardwright.hsm.authorization import Authorization, AuthorizationItem
from cardwright.hsm.port import HsmError
from cardwright.iso import tlv
from cardwright.secret import SecretText
from services.keymanagement.module.values import check_value, make
from tests.unit.keymanagement.module_kit import ISSUER, PAN, Kit, caller, verbs_over

# The oracle imports triple DES from where it is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

ORDER = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36)
TERMINAL = {
    0x9F02: bytes.fromhex("000000012300"),
    0x9F03: bytes(6),
    0x9F1A: bytes.fromhex("0372"),
    0x95: bytes.fromhex("8000048000"),
    0x5F2A: bytes.fromhex("0978"),
    0x9A: bytes.fromhex("261128"),
    0x9C: b"\0",
    0x9F37: bytes.fromhex("01020304"),
    0x82: bytes.fromhex("1980"),
    0x9F36: bytes.fromhex("0017"),
}
ISSUER_DATA = {"10": "06010A03A0B000", "18": "06011203A0B000"}


def card_key(kit: Kit, name: str, option: str = "A") -> bytes:
    derive: Callable[..., bytes] = kd.derive_icc_mk_a if option == "A" else kd.derive_icc_mk_b
    return derive(kit.value(f"{ISSUER}/{name}").reveal(), PAN, "01")


def question(kit: Kit, version: str, objects: dict[int, bytes] = TERMINAL) -> AuthorizationItem:
    """What a card of pyemv's making asks."""
    master, issuer_data = card_key(kit, "IMK-AC"), bytes.fromhex(ISSUER_DATA[version])
    data = b"".join(objects[tag] for tag in ORDER)
    if version == "10":
        made = ac.generate_ac(master, data + issuer_data[3:7], ac.PaddingType.VISA)
    else:
        session = kd.derive_common_sk(master, objects[0x9F36] + bytes(6))
        made = ac.generate_ac(session, data + issuer_data, ac.PaddingType.EMV)
    return AuthorizationItem(
        card_id="card",
        imk_ac=f"{ISSUER}/IMK-AC",
        derivation="A",
        pan=SecretText(PAN),
        sequence_number="01",
        objects={**objects, 0x9F10: issuer_data, 0x9F26: made},
        response_code="00",
    )


def answered(kit: Kit, item: AuthorizationItem) -> Authorization:
    (answer,) = kit.verbs.authorize(caller("qa"), [item])
    assert not isinstance(answer, HsmError), answer.code
    return answer


def refusal(kit: Kit, item: AuthorizationItem) -> HsmError:
    (refused,) = kit.verbs.authorize(caller("qa"), [item])
    assert isinstance(refused, HsmError)
    return refused


@settings(max_examples=20, deadline=None)
@given(
    counter=st.binary(min_size=2, max_size=2),
    number=st.binary(min_size=4, max_size=4),
    code=st.sampled_from(["00", "05", "10", "51"]),
)
def test_version_10_is_answered_by_method_1(
    kit: Kit, counter: bytes, number: bytes, code: str
) -> None:
    item = question(kit, "10", {**TERMINAL, 0x9F36: counter, 0x9F37: number})
    answer = answered(kit, replace(item, response_code=code))
    arpc = ac.generate_arpc_1(card_key(kit, "IMK-AC"), item.objects[0x9F26], code.encode())
    assert answer.authentication_data == arpc + code.encode()


@settings(max_examples=20, deadline=None)
@given(counter=st.binary(min_size=2, max_size=2), amount=st.binary(min_size=6, max_size=6))
@pytest.mark.parametrize(("code", "update"), [("00", "00820000"), ("05", "00000000")])
def test_version_18_is_answered_by_method_2(
    kit: Kit, counter: bytes, amount: bytes, code: str, update: str
) -> None:
    item = question(kit, "18", {**TERMINAL, 0x9F36: counter, 0x9F02: amount})
    answer = answered(kit, replace(item, response_code=code))
    session = kd.derive_common_sk(card_key(kit, "IMK-AC"), counter + bytes(6))
    status = bytes.fromhex(update)
    arpc = ac.generate_arpc_2(session, item.objects[0x9F26], status, b"")
    assert answer.authentication_data == arpc + status


def test_a_card_made_before_a_rotation_is_answered_after_it(kit: Kit) -> None:
    old = next(key for key in kit.keys if key.label == f"{ISSUER}/IMK-AC")
    value = make(old.usage, old.algorithm)
    new = replace(old, version=2, kcv=check_value(old.algorithm, value))
    rotated = verbs_over({**kit.keys, new: value})
    (answer,) = rotated.authorize(caller("qa"), [question(kit, "18")])
    assert not isinstance(answer, HsmError), answer.code
    assert answer == answered(kit, question(kit, "18"))


def test_a_script_goes_in_template_72_with_its_macs(kit: Kit) -> None:
    commands = [pin_unblock(), put_data(0x9F23, b"\x05"), application_block()]
    item = replace(
        question(kit, "18"),
        imk_smi=f"{ISSUER}/IMK-SMI",
        script=tuple(each.encode() for each in commands),
    )
    cryptogram = item.objects[0x9F26]
    key = kd.derive_common_sk(card_key(kit, "IMK-SMI"), cryptogram)
    ((tag, sent),) = [(each.tag, each.value) for each in tlv.parse(answered(kit, item).scripts)]
    assert tag == 0x72
    for object_, command in zip(tlv.parse(sent), commands, strict=True):
        header = bytes(
            (command.cla | 4, command.ins, command.p1, command.p2, len(command.data) + 8)
        )
        message = header + TERMINAL[0x9F36] + cryptogram + command.data
        mac = sm.generate_command_mac(key, message)
        assert (object_.tag, object_.value) == (0x86, header + command.data + mac)


def test_every_object_that_the_card_signs_counts(kit: Kit) -> None:
    for version in ISSUER_DATA:
        item = question(kit, version)
        signed = set(item.objects) - {0x9F10} if version == "10" else set(item.objects)
        for tag in signed:
            changed = bytes((item.objects[tag][-1] ^ 1,))
            objects = {**item.objects, tag: item.objects[tag][:-1] + changed}
            assert refusal(kit, replace(item, objects=objects)).code == "CRYPTOGRAM_WRONG"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"derivation": "D"}, "DERIVATION_OPTION"),
        ({"derivation": "C"}, "KEY_USAGE"),
        ({"imk_ac": f"{ISSUER}/IMK-SMI"}, "KEY_USAGE"),
        ({"imk_ac": f"{ISSUER}/CVK"}, "HSM_DENIED"),
        ({"imk_ac": "nobody/IMK-AC"}, "KEY_UNKNOWN"),
        ({"sequence_number": "1"}, "DERIVATION_INPUT"),
        ({"response_code": "0"}, "RESPONSE_CODE"),
        ({"script": (pin_unblock().encode(),)}, "HSM_DENIED"),
        ({"script": (b"",), "imk_smi": f"{ISSUER}/IMK-SMI"}, "APDU_FORMAT"),
        ({"script": (pin_change(bytes(8)).encode(),), "imk_smi": f"{ISSUER}/IMK-SMI"},
         "SCRIPT_COMMAND"),
        ({"script": (bytes.fromhex("80E6000000"),), "imk_smi": f"{ISSUER}/IMK-SMI"},
         "SCRIPT_COMMAND"),
    ],
)  # fmt: skip
def test_what_is_not_answered_is_told_by_code(
    kit: Kit, change: dict[str, object], code: str
) -> None:
    item = replace(question(kit, "18"), **change)  # type: ignore[arg-type]
    assert refusal(kit, item).code == code


def test_an_unknown_version_and_missing_data_are_told(kit: Kit) -> None:
    item = question(kit, "18")
    objects = {**item.objects, 0x9F10: bytes.fromhex("06016303A0B000")}
    assert refusal(kit, replace(item, objects=objects)).code == "CRYPTOGRAM_VERSION"
    objects = {tag: value for tag, value in item.objects.items() if tag != 0x9F37}
    assert refusal(kit, replace(item, objects=objects)).code == "CRYPTOGRAM_DATA"
