"""A payment card from its recipe to a transaction: derived, certified, personalized, and paid with.

The chip checks keys, certificates and check values against each other before it says yes, and the
terminal authenticates it by the authority keys that the set-up exported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from cardwright.globalplatform.commands import select
from cardwright.hsm.port import DerivedCardKeys, HsmError, WrappedDataKey
from cardwright.iso import tlv
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.terminal import OdaMethod, Outcome
from cardwright.terminal.certificates import CardCertificate, RsaPublicKey, recover_icc_key
from cardwright.terminal.errors import AuthenticationError
from cardwright.vault.sealing import open_sealed, parse_sealed
from services.keymanagement.module import keystore
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.pool.store import Demand
from services.keymanagement.module.provision import BACKENDS, PKCS11
from tests.support.softhsm import missing
from tests.unit.keymanagement.card_bench import MASTERS, PAN, CardBench, application, authentication
from tests.unit.keymanagement.module_kit import ISSUER, caller


@pytest.fixture(scope="module", params=BACKENDS)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CardBench]:
    if request.param == PKCS11 and (reason := missing()):
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
        yield CardBench(tmp_path_factory.mktemp("keys"), request.param)


def mailed_pin(bench: CardBench, pin: bytes) -> str:
    blob = parse_sealed(pin)
    wrapped = WrappedDataKey("card", blob.key_id, blob.ephemeral, blob.wrapped_key)
    (key,) = bench.verbs.unwrap_data_keys(caller("pinmailer"), "pin", [wrapped])
    assert key is not None
    return pb.PinSection.FromString(open_sealed(blob, "card", "pin", key).reveal()).pin


def test_a_terminal_takes_the_card_by_cda_with_its_pin_enciphered(bench: CardBench) -> None:
    bench.fill(1)
    made, pin = application(), bench.pin()
    section = bench.recipe(made)
    section.sealed_pin = pin.sealed_for_chip
    chip = bench.personalized(made, bench.derived(section))
    digits = mailed_pin(bench, pin.sealed_for_mailer)
    small = bench.pay(chip, made.aid, digits)
    assert (small.outcome, small.oda.method, small.oda.code) == (
        Outcome.APPROVED,
        OdaMethod.CDA,
        "OK",
    )
    assert (small.cvm.method & 0x3F, small.cvm.result) == (0x04, 2)  # enciphered, successful
    large = bench.pay(chip, made.aid, digits, amount=100_00)
    assert large.outcome is Outcome.APPROVED


def certificates_of(bench: CardBench, keys: DerivedCardKeys) -> dict[int, bytes]:
    """Open as encoding does: records by file and number."""
    blob = parse_sealed(keys.certificates)
    wrapped = WrappedDataKey("card", blob.key_id, blob.ephemeral, blob.wrapped_key)
    (key,) = bench.verbs.unwrap_data_keys(caller("encoding"), "certificates", [wrapped])
    assert key is not None
    opened = open_sealed(blob, "card", "certificates", key)
    section = pb.CertificatesSection.FromString(opened.reveal())
    assert len(section.applications) == 1
    return {
        record.sfi << 8 | record.number: record.content
        for record in section.applications[0].records
    }


def test_encoding_learns_the_records_that_the_chip_will_answer(bench: CardBench) -> None:
    bench.fill(1)
    made = application()
    keys = bench.derived(bench.recipe(made))
    chip = bench.personalized(made, keys)
    chip.power_on()
    assert chip.process(select(made.aid))[-2:] == b"\x90\0"
    records = certificates_of(bench, keys)
    assert records
    for number, content in records.items():
        read = bytes((0, 0xB2, number & 0xFF, number >> 8 << 3 | 4, 0))
        assert chip.process(read) == content + b"\x90\0"


def test_check_values_name_every_master_and_the_issuers_key(bench: CardBench) -> None:
    bench.fill(1)
    checks = bench.derived(bench.recipe(application())).checks
    assert {each.usage: each.master for each in checks} == {
        **MASTERS,
        "ICC-RSA": f"{ISSUER}/ISSUER-RSA#1",
    }
    assert {len(each.kcv) for each in checks} == {3}


def test_a_repeat_has_the_same_pair_and_another_card_has_another(bench: CardBench) -> None:
    bench.fill(3)
    before = sum(bench.pairs.used().values())
    section = bench.recipe(application())
    section.sealed_pin = b""
    section.applications[0].offline_pin = False
    first, second = (bench.derived(section) for _ in range(2))
    assert first.checks == second.checks
    _, other = bench.derive(section, section)
    assert not isinstance(other, HsmError), other.code
    assert other.checks != first.checks
    assert sum(bench.pairs.used().values()) <= before + 2


def test_without_a_pair_a_card_waits_and_the_others_go_on(bench: CardBench) -> None:
    section = bench.recipe(application())
    section.sealed_pin = b""
    section.applications[0].offline_pin = False
    online = pb.KeysSection()
    online.CopyFrom(section)
    online.applications[0].ClearField("authentication")
    held = bench.pairs.ready()
    bench.pairs.take([[Demand(f"drain-{n}", *size)] for size in held for n in range(held[size])])
    first, _, waits = bench.derive(online, section, section)
    assert not isinstance(first, HsmError)
    assert isinstance(waits, HsmError)
    assert waits.code == "POOL_EMPTY"
    assert waits.passes


def test_static_signatures_have_the_code_of_the_issuers_key(bench: CardBench) -> None:
    made = application({"method": "SDA", "icc_bits": None, "ddol": None}, aips=["sda"])
    section = bench.recipe(made, masters={"MK-DAC": f"{ISSUER}/IMK-DAC"})
    keys = bench.derived(section)
    chip = bench.personalized(made, keys)
    paid = bench.pay(chip, made.aid)
    assert (paid.oda.method, paid.oda.code) == (OdaMethod.SDA, "OK")
    assert paid.outcome is Outcome.APPROVED


def test_a_pin_key_of_its_own_is_certified_too(bench: CardBench) -> None:
    bench.fill(1)
    bench.fill(1, bits=1024)
    made, pin = application({"pin_bits": 1024}), bench.pin()
    section = bench.recipe(made)
    section.sealed_pin = pin.sealed_for_chip
    keys = bench.derived(section)
    assert {each.usage for each in keys.checks} >= {"ICC-RSA", "PIN-RSA"}
    chip = bench.personalized(made, keys)
    paid = bench.pay(chip, made.aid, mailed_pin(bench, pin.sealed_for_mailer))
    assert (paid.outcome, paid.cvm.method & 0x3F, paid.cvm.result) == (Outcome.APPROVED, 0x04, 2)


def test_each_interface_has_a_certificate_over_what_it_signs(bench: CardBench) -> None:
    bench.fill(1)
    made = application(contactless=["dda", "cda", "terminal_risk_management"])
    assert made.authentication is not None
    assert made.contactless_authentication is not None
    section = bench.recipe(made)
    contactless = authentication(made.contactless_authentication)
    assert contactless is not None
    section.applications[0].contactless_authentication.CopyFrom(contactless)
    keys = bench.derived(section)
    assert [each.usage for each in keys.checks].count("ICC-RSA") == 1
    bench.personalized(made, keys)
    (installed,) = CertificateStore(bench.folder).installed()
    issuer_key = CertificateStore(bench.folder).read(installed).issuer.key
    issuer = RsaPublicKey(issuer_key.modulus, issuer_key.exponent)
    objects = [
        {each.tag: each.value for each in tlv.parse(tlv.parse(record)[0].value)}
        for record in certificates_of(bench, keys).values()
    ]
    signed = [each for each in objects if 0x9F46 in each]
    rest = {tag: value for each in objects for tag, value in each.items() if tag != 0x9F46}
    day, recovered = dt.date(2028, 1, 1), []
    for each, wanted in zip(
        signed, (made.authentication, made.contactless_authentication), strict=True
    ):
        read = CardCertificate(each[0x9F46], rest.get(0x9F48, b""), rest[0x9F47])
        data = wanted.static_data.reveal()
        recovered.append(recover_icc_key(issuer, read, PAN, day, data))
        with pytest.raises(AuthenticationError):
            recover_icc_key(issuer, read, PAN, day, data + b"x")
    assert recovered[0] == recovered[1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s: s.applications[0].masters.pop("MK-SMI"), "CARD_KEYS_INCOMPLETE"),
        (lambda s: s.applications[0].masters.update({"MK-XY": "x"}), "CARD_KEY_USAGE"),
        (lambda s: s.applications[0].masters.update({"MK-AC": f"{ISSUER}/CVK"}), "HSM_DENIED"),
        (lambda s: s.applications[0].masters.update({"MK-AC": "nobody/IMK-AC"}), "KEY_UNKNOWN"),
        (lambda s: s.applications[0].masters.update({"MK-AC": f"{ISSUER}/IMK-SMI"}), "KEY_USAGE"),
        (lambda s: setattr(s.applications[0], "derivation", "C"), "KEY_USAGE"),
        (lambda s: setattr(s.applications[0], "derivation", "X"), "DERIVATION_OPTION"),
        (lambda s: setattr(s.applications[0], "pin_tries", 16), "PIN_TRIES"),
        (lambda s: setattr(s, "sealed_pin", b""), "PIN_MISSING"),
        (lambda s: setattr(s, "sealed_pin", b"\xff"), "SEALED_MALFORMED"),
        (lambda s: setattr(s, "environment", "live"), "KEY_ENVIRONMENT"),
        (lambda s: setattr(s, "diversifier", "12"), "DERIVATION_INPUT"),
        (lambda s: setattr(s, "expiry", "9912"), "CERTIFICATE_EXPIRY"),
        (lambda s: setattr(s, "expiry", ""), "EXPIRY_FORMAT"),
        (lambda s: setattr(s, "diversifier", "4111111111111111"), "ISSUER_MISMATCH"),
        (lambda s: setattr(asked(s), "issuer_key", f"{ISSUER}/IMK-AC"), "KEY_USAGE"),
        (lambda s: setattr(asked(s), "issuer_key", "nobody/ISSUER-RSA"), "KEY_UNKNOWN"),
        (lambda s: setattr(asked(s), "icc_bits", 1400), "POOL_SIZE"),
        (lambda s: setattr(asked(s), "icc_exponent", 65537), "POOL_SIZE"),
        (lambda s: setattr(asked(s), "method", "XDA"), "SECTION_MALFORMED"),
        (lambda s: setattr(slot(s, 0x8F), "value", b"\x06"), "CERTIFICATE_UNKNOWN"),
        (lambda s: setattr(slot(s, 0x8F), "value", b""), "CERTIFICATE_AUTHORITY"),
        (lambda s: setattr(slot(s, 0x9F46), "tag", 0x9F49), "CERTIFICATE_RECORD"),
        (lambda s: setattr(slot(s, 0x9F47), "value", b"\3"), "CERTIFICATE_RECORD"),
        (lambda s: setattr(s.applications[0], "instance_aid", b"\xa0\0\0\0\3\x10\x10"),
         "CERTIFICATE_UNKNOWN"),
    ],
)  # fmt: skip
def test_what_no_card_can_be_made_of_is_told_by_code(
    bench: CardBench, change: Callable[[pb.KeysSection], object], code: str
) -> None:
    bench.fill(1)
    section = bench.recipe(application())
    change(section)
    assert bench.refusal(section) == code


def asked(section: pb.KeysSection) -> pb.OfflineAuthentication:
    return section.applications[0].authentication


def slot(section: pb.KeysSection, tag: int) -> pb.TemplateObject:
    return next(
        each for record in asked(section).records for each in record.objects if each.tag == tag
    )


def test_a_certificate_that_is_over_certifies_nothing(bench: CardBench) -> None:
    bench.fill(1)
    section, bench.day = bench.recipe(application()), dt.date(2060, 1, 1)
    try:
        assert bench.refusal(section) == "CERTIFICATE_EXPIRED"
    finally:
        bench.day = dt.date(2026, 11, 28)


def test_no_refusal_tells_a_number_a_pin_or_a_key(bench: CardBench) -> None:
    bench.fill(1)
    made, pin = application(), bench.pin()
    section = bench.recipe(made)
    section.sealed_pin = pin.sealed_for_chip
    secrets = {PAN, PAN[:-1], mailed_pin(bench, pin.sealed_for_mailer)}
    secrets |= {value.reveal().hex().upper() for value in bench.keys.values()}
    for attribute, value in (("expiry", "9912"), ("environment", "live"), ("sequence_number", "x")):
        changed = pb.KeysSection()
        changed.CopyFrom(section)
        setattr(changed, attribute, value)
        (refused,) = bench.derive(changed)
        assert isinstance(refused, HsmError)
        told = f"{refused} {refused!r} {refused.code}".upper()
        assert not [secret for secret in secrets if secret in told]
