"""Options A, B and C with triple DES and AES, against the issuer host, which shares no code.

The issuer host derives from the text of the standard; pyemv and psec have no AES.
"""

from __future__ import annotations

import pytest

from cardwright.cipher import ClearAes
from cardwright.emv.dgi import parse_all
from cardwright.emv.script import pin_unblock, put_data
from cardwright.hsm.authorization import AuthorizationItem
from cardwright.hsm.pins import PinItem, PinTranslation
from cardwright.hsm.port import HsmError, SealedItem
from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost.ciphers import Algorithm as Suite
from cardwright.issuerhost.ciphers import mac, mac_of_blocks, pad
from cardwright.issuerhost.cryptogram import arpc_method_2, cryptogram_key, version_of
from cardwright.issuerhost.keys import Derivation, card_key, session_key
from cardwright.payment.pinblock import decipher_format_4, encipher_format_4
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import Sealer
from cardwright.vault.vault import newest_keys
from services.keymanagement.module.cards import chip_keys
from services.keymanagement.module.keys import AES_128, AES_256, TDES_112, Algorithm, Key, Usage
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.values import check_value, make
from services.keymanagement.module.verbs.all import Verbs
from tests.unit.keymanagement.module_kit import caller, verbs_over
from tests.unit.keymanagement.test_issuer_verbs import ORDER, TERMINAL

MASTERS = {"MK-AC": Usage.IMK_AC, "MK-SMI": Usage.IMK_SMI, "MK-SMC": Usage.IMK_SMC}
LABELS = {name: f"core-bank/I{name}" for name in MASTERS}
SHORT, LONG = "9999990000000007", "9999990000000000104"
AID = bytes.fromhex("F0435754530101")
CORE = {5: "0FA501", 6: "0FA601"}


class Bench:
    """A module whose issuer has master keys of some algorithm, and a PIN key of AES."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.masters = {LABELS[name]: make(usage, algorithm) for name, usage in MASTERS.items()}
        keys: dict[Key, SecretBytes] = make_keys([], ["site-1"])
        for name, usage in MASTERS.items():
            value = self.masters[LABELS[name]]
            keys[Key(LABELS[name], 1, usage, algorithm, check_value(algorithm, value))] = value
        self.pek = make(Usage.PIN_ENCRYPTION, AES_128)
        pek = Key("core-bank/PEK", 1, Usage.PIN_ENCRYPTION, AES_128, check_value(AES_128, self.pek))
        self.verbs: Verbs = verbs_over({**keys, pek: self.pek})
        self.sealer = Sealer(newest_keys(self.verbs.public_keys(caller("dataprep"), "section/")))

    def groupings(self, derivation: str, number: str) -> dict[int, bytes]:
        section = pb.KeysSection(
            diversifier=number,
            sequence_number="01",
            environment="test",
            applications=[
                pb.ApplicationRecipe(instance_aid=AID, masters=LABELS, derivation=derivation)
            ],
        )
        blob = self.sealer.seal_batch("keys", {"card": section.SerializeToString()})["card"]
        (derived,) = self.verbs.derive_card_keys(
            caller("keymanagement"), [SealedItem("card", blob)]
        )
        assert not isinstance(derived, HsmError), derived.code
        opened = chip_keys.parse(self.verbs._sections.open("chip_keys", "card", derived.sealed))
        share = opened.applications[AID]
        encoded = [*(each.reveal() for each in share.sensitive), *share.plain]
        return {dgi.id: dgi.value for each in encoded for dgi in parse_all(each)}


@pytest.mark.parametrize("number", [SHORT, LONG])
@pytest.mark.parametrize(
    ("derivation", "algorithm"),
    [("A", TDES_112), ("B", TDES_112), ("C", AES_128), ("C", AES_256)],
    ids=str,
)
def test_card_keys_are_the_ones_that_the_issuer_derives(
    derivation: str, algorithm: Algorithm, number: str
) -> None:
    bench = Bench(algorithm)
    found = bench.groupings(derivation, number)
    option = Derivation(derivation)
    expected = [
        card_key(option, bench.masters[label], number, "01").reveal() for label in LABELS.values()
    ]
    assert found[0x8000] == b"".join(expected)
    assert len(found[0x9000]) == 9


@pytest.mark.parametrize(("version", "algorithm"), [(5, TDES_112), (6, AES_128), (6, AES_256)])
def test_common_core_cryptograms_are_answered_with_scripts_of_format_1(
    version: int, algorithm: Algorithm
) -> None:
    bench = Bench(algorithm)
    option = Derivation.OPTION_B if version == 5 else Derivation.OPTION_C
    suite: Suite = option.algorithm
    issuer_data = bytes.fromhex(CORE[version]) + bytes(13) + b"\x0f" + bytes(15)
    named = version_of(issuer_data)
    master = card_key(option, bench.masters[LABELS["MK-AC"]], LONG, "01")
    key = cryptogram_key(named, master, int.from_bytes(TERMINAL[0x9F36], "big"))
    data = b"".join(TERMINAL[tag] for tag in ORDER) + issuer_data
    cryptogram = mac(suite, key, data)[:8]
    commands = [pin_unblock(), put_data(0x9F23, b"\5")]
    item = AuthorizationItem(
        card_id="card",
        imk_ac=LABELS["MK-AC"],
        imk_smi=LABELS["MK-SMI"],
        derivation=option.value,
        pan=SecretText(LONG),
        sequence_number="01",
        objects={**TERMINAL, 0x9F10: issuer_data, 0x9F26: cryptogram},
        response_code="00",
        script=tuple(each.encode() for each in commands),
    )
    (answer,) = bench.verbs.authorize(caller("qa"), [item])
    assert not isinstance(answer, HsmError), answer.code
    update = bytes.fromhex("00820000")
    assert answer.authentication_data == arpc_method_2(suite, key, cryptogram, update)
    (template,) = tlv.parse(answer.scripts)
    integrity = session_key(
        suite, card_key(option, bench.masters[LABELS["MK-SMI"]], LONG, "01"), cryptogram
    )
    chain = cryptogram.ljust(suite.value, b"\0")
    for sent, command in zip(tlv.parse(template.value), commands, strict=True):
        secured = CommandApdu.parse(sent.value)
        header = bytes((command.cla | 0x0C, command.ins, command.p1, command.p2))
        body = tlv.encode(0x81, command.data) if command.data else b""
        message = chain + pad(header, suite.value) + (pad(body, suite.value) if body else b"")
        chain = mac_of_blocks(suite, integrity, message)
        assert secured.data == body + tlv.encode(0x8E, chain[:4])


def test_pins_travel_in_format_4_under_aes() -> None:
    bench = Bench(TDES_112)
    aes, pan = ClearAes(bench.pek), SecretText(SHORT)
    block = encipher_format_4(aes, SecretText("271828"), pan)
    (moved,) = bench.verbs.translate_pins(
        caller("dataprep"),
        [PinTranslation(block, pan, "core-bank/PEK", 4, "core-bank/PEK", 4)],
    )
    assert not isinstance(moved, HsmError), moved.code
    assert moved != block
    assert decipher_format_4(aes, moved, pan).reveal() == "271828"
    taken = PinItem("card", pan, pin_block=block, pin_key="core-bank/PEK")
    (prepared,) = bench.verbs.prepare_pins(caller("dataprep"), [taken])
    assert not isinstance(prepared, HsmError), prepared.code
