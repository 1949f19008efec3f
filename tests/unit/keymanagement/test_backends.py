"""What every backend does, the same over the software keystore and over PKCS#11."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from cardwright.cipher import BlockCipher, CipherError, ClearAes, ClearTdes
from cardwright.emv.rsa import RsaError, RsaPublic, generate_rsa
from cardwright.hsm.points import point
from cardwright.hsm.port import HsmError
from cardwright.keyblock.binding import VariantKey
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.backend import Backend, Tokens
from services.keymanagement.module.inventory.keeper import Store
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.pkcs11.holders import may_hold
from services.keymanagement.module.software import SoftwareBackend, SoftwareTokens
from services.keymanagement.module.values import check_value, make, public_value, rsa_value
from tests.support.softhsm import House, missing
from tests.unit.keymanagement.module_kit import caller

_NUMBERS = count(1)
BLOCKS = st.integers(0, 8).flatmap(lambda n: st.binary(min_size=16 * n, max_size=16 * n))
OF_FUNCTION = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Bench(Protocol):
    """A store to change keys in, and callers' tokens to use them by."""

    @property
    def store(self) -> Store: ...

    @property
    def tokens(self) -> Tokens: ...

    def login(self, name: str) -> SecretText: ...


class Software:
    def __init__(self) -> None:
        self.store = SoftwareBackend({})
        self.tokens = SoftwareTokens(self.store)

    def login(self, name: str) -> SecretText:
        return SecretText(name)


class SoftHsm:
    def __init__(self) -> None:
        self.house = House()
        self.store, self.tokens = self.house.store, self.house.tokens

    def login(self, name: str) -> SecretText:
        return self.house.logins[name]


@pytest.fixture(scope="module", params=["software", "softhsm"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "software":
        yield Software()
        return
    if reason := missing():
        pytest.skip(reason)
    yield SoftHsm()


def of(bench: Bench, role: str) -> Backend:
    """The token of a role, which looked again after the last change."""
    name = caller(role).name
    backend = bench.tokens.of(name, bench.login(name))
    backend.refresh()
    return backend


def put(bench: Bench, label: str, usage: Usage, algorithm: Algorithm) -> tuple[Key, SecretBytes]:
    value = make(usage, algorithm)
    return bench.store.put(label, next(_NUMBERS), usage, algorithm, value), value


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(HsmError) as caught:
        work()
    return caught.value.code


HOLDERS = {
    Usage.CVK: ("issuer/CVK", "dataprep"),
    Usage.PVK: ("issuer/PVK", "dataprep"),
    Usage.IBM_PIN: ("issuer/IBM-PIN", "dataprep"),
    Usage.PIN_ENCRYPTION: ("issuer/PEK", "dataprep"),
    Usage.IMK_AC: ("issuer/IMK-AC", "keymanagement"),
    Usage.IMK_SMI: ("issuer/IMK-SMI", "keymanagement"),
    Usage.IMK_SMC: ("issuer/IMK-SMC", "keymanagement"),
    Usage.IMK_DAC: ("issuer/IMK-DAC", "keymanagement"),
    Usage.IMK_IDN: ("issuer/IMK-IDN", "keymanagement"),
    Usage.IMK_CVC3: ("issuer/IMK-CVC3", "keymanagement"),
    Usage.BADGE_MASTER: ("issuer/BADGE", "keymanagement"),
    Usage.CHIP_MASTER: ("issuer/KMC", "encoding"),
    Usage.DIGEST: ("digest/pan", "dataprep"),
    Usage.SECTION: ("section/print", "printing"),
    Usage.REQUEST: ("bureau/request", "request"),
    Usage.SIGN: ("sign/printing.site-1", "printing"),
}
"""A key of each purpose that a station uses, with its label and a role that holds it."""

CIPHERS = [
    (usage, algorithm)
    for usage in HOLDERS
    for algorithm in usage.algorithms
    if algorithm.family in {Family.TDES, Family.AES}
]


def clear(algorithm: Algorithm, value: SecretBytes) -> BlockCipher:
    return ClearAes(value) if algorithm.family is Family.AES else ClearTdes(value)


@pytest.mark.parametrize(("usage", "algorithm"), CIPHERS, ids=str)
def test_block_ciphers_encipher_as_the_purpose_needs(
    bench: Bench, usage: Usage, algorithm: Algorithm
) -> None:
    label, role = HOLDERS[usage]
    key, value = put(bench, label, usage, algorithm)
    ours, expected = of(bench, role).cipher(key), clear(algorithm, value)
    assert (ours.block, ours.length) == (expected.block, expected.length)
    blocks, iv = secrets.token_bytes(48), secrets.token_bytes(ours.block)
    if usage is not Usage.BADGE_MASTER:  # which derives by CMAC alone
        assert ours.encrypt(blocks) == expected.encrypt(blocks)
        assert ours.encrypt_cbc(blocks, iv) == expected.encrypt_cbc(blocks, iv)
        assert ours.encrypt(b"") == b""
    if usage is Usage.PIN_ENCRYPTION:
        assert ours.decrypt(blocks) == expected.decrypt(blocks)
        assert ours.decrypt_cbc(blocks, iv) == expected.decrypt_cbc(blocks, iv)
    if usage in {Usage.BADGE_MASTER, Usage.CHIP_MASTER}:
        for message in (b"", b"m", blocks, blocks + b"m"):
            assert ours.cmac(message) == expected.cmac(message)


@OF_FUNCTION
@given(blocks=BLOCKS, iv=st.binary(min_size=8, max_size=8))
def test_single_des_under_the_left_half(bench: Bench, blocks: bytes, iv: bytes) -> None:
    key, value = put(bench, "issuer/CVK", Usage.CVK, Usage.CVK.algorithms[0])
    left = of(bench, "dataprep").tdes(key).left
    expected = ClearTdes(value).left
    assert left.encrypt(blocks) == expected.encrypt(blocks)
    assert left.encrypt_cbc(blocks, iv) == expected.encrypt_cbc(blocks, iv)
    assert left.length == expected.length


@pytest.mark.parametrize("role", ["dataprep", "keymanagement"])
def test_blocks_that_are_not_whole_are_refused_before_the_token_sees_them(
    bench: Bench, role: str
) -> None:
    usage = Usage.CVK if role == "dataprep" else Usage.IMK_AC
    key, _ = put(bench, HOLDERS[usage][0], usage, usage.algorithms[0])
    cipher = of(bench, role).tdes(key)
    with pytest.raises(CipherError):
        cipher.encrypt(b"1234567")
    with pytest.raises(CipherError):
        cipher.encrypt_cbc(b"1", bytes(8))


@pytest.mark.parametrize("usage", [Usage.KEY_ENCRYPTION, Usage.ZONE_MASTER])
@pytest.mark.parametrize("bits", [112, 168])
def test_a_protection_key_of_triple_des_gives_its_variants(
    bench: Bench, usage: Usage, bits: int
) -> None:
    key, value = put(bench, "bureau/KBPK", usage, Algorithm(Family.TDES, bits))
    cipher = bench.store.cipher(key)
    assert isinstance(cipher, VariantKey)
    for mask in (0x45, 0x4D):
        varied = ClearTdes(SecretBytes(bytes(octet ^ mask for octet in value.reveal())))
        assert cipher.variant(mask).decrypt(bytes(16)) == varied.decrypt(bytes(16))
        assert cipher.variant(mask).encrypt(bytes(16)) == varied.encrypt(bytes(16))


@OF_FUNCTION
@given(value=st.binary(max_size=200))
def test_digests_are_hmacs(bench: Bench, value: bytes) -> None:
    key, secret = put(bench, "digest/pan", Usage.DIGEST, Usage.DIGEST.algorithms[0])
    expected = hmac.digest(secret.reveal(), value, "sha256")
    assert of(bench, "dataprep").digest(key, value) == expected
    assert of(bench, "request").digest(key, value) == expected


def test_agreements_are_ecdh_and_points_are_checked(bench: Bench) -> None:
    key, _ = put(bench, "section/print", Usage.SECTION, Usage.SECTION.algorithms[0])
    backend, other = of(bench, "printing"), ec.generate_private_key(ec.SECP256R1())
    ours = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), backend.public_value(key))
    expected = SecretBytes(other.exchange(ec.ECDH(), ours))
    assert backend.agree(key, point(other.public_key())) == expected
    for bad in (b"", b"x", b"\x04" + bytes(64), b"\x00", point(other.public_key())[:-1] + b"\0"):
        with pytest.raises(ValueError, match=r".*"):
            backend.agree(key, bad)


def test_signatures_are_ed25519(bench: Bench) -> None:
    label, role = HOLDERS[Usage.SIGN]
    key, seed = put(bench, label, Usage.SIGN, Usage.SIGN.algorithms[0])
    backend = of(bench, role)
    for payload in (b"payload", b"p", bytes(10_000)):
        signature = backend.sign(key, payload)
        assert signature == SigningKey(seed.reveal()).sign(payload).signature
        VerifyKey(backend.public_value(key)).verify(payload, signature)


@pytest.mark.parametrize("bits", [1024, 1152, 1408, 1984])
@pytest.mark.parametrize("exponent", [3, 65537])
def test_rsa_is_raw(bench: Bench, bits: int, exponent: int) -> None:
    software, algorithm = generate_rsa(bits, exponent), Algorithm(Family.RSA, bits, exponent)
    key = bench.store.put("ca/test", next(_NUMBERS), Usage.CA_RSA, algorithm, rsa_value(software))
    ours, octets = bench.store.rsa(key), bits // 8
    assert (ours.modulus, ours.exponent) == (software.modulus, exponent)
    for block in (
        bytes(octets),
        bytes(octets - 1) + b"\2",
        b"\0" + secrets.token_bytes(octets - 1),
    ):
        assert ours.apply(block) == software.apply(block)
    for bad in (bytes(octets - 1), b"\xff" * octets):
        with pytest.raises(RsaError):
            ours.apply(bad)


@pytest.mark.parametrize("usage", list(Usage))
def test_each_purpose_has_keys_made_inside(bench: Bench, usage: Usage) -> None:
    label = HOLDERS[usage][0] if usage in HOLDERS else f"bureau/{usage.value}"
    algorithm = usage.algorithms[0]
    if algorithm.family is Family.RSA:
        algorithm = Algorithm(Family.RSA, 1152, 3)
    key = bench.store.generate(label, next(_NUMBERS), usage, algorithm)
    assert (key.label, key.usage, key.algorithm, len(key.kcv)) == (label, usage, algorithm, 3)
    assert key in set(bench.store.keys())
    if usage in HOLDERS:
        assert key in set(of(bench, HOLDERS[usage][1]).keys())


def test_a_pair_made_inside_can_be_used(bench: Bench) -> None:
    number = next(_NUMBERS)
    signing = bench.store.generate(
        "sign/printing.site-1", number, Usage.SIGN, Usage.SIGN.algorithms[0]
    )
    backend = of(bench, "printing")
    VerifyKey(backend.public_value(signing)).verify(b"p", backend.sign(signing, b"p"))
    section = bench.store.generate(
        "section/print", number, Usage.SECTION, Usage.SECTION.algorithms[0]
    )
    other = ec.generate_private_key(ec.SECP256R1())
    ours = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), backend.public_value(section)
    )
    expected = SecretBytes(other.exchange(ec.ECDH(), ours))
    assert backend.agree(section, point(other.public_key())) == expected
    rsa = bench.store.generate("ca/test", number, Usage.CA_RSA, Algorithm(Family.RSA, 1152, 3))
    private = bench.store.rsa(rsa)
    block = bytes(1) + secrets.token_bytes(143)
    assert RsaPublic(private.modulus, 3).apply(private.apply(block)) == block


def test_a_store_uses_pairs_that_a_callers_token_alone_holds(bench: Bench) -> None:
    """The request of an issuer's certificate is signed by the key that it is for."""
    algorithm = Algorithm(Family.RSA, 1152, 3)
    issuer = bench.store.generate("issuer/ISSUER-RSA", next(_NUMBERS), Usage.ISSUER_RSA, algorithm)
    block = bytes(1) + secrets.token_bytes(143)
    signed = bench.store.rsa(issuer).apply(block)
    assert signed == of(bench, "keymanagement").rsa(issuer).apply(block)
    assert RsaPublic(bench.store.public_value(issuer), 3).apply(signed) == block


EXPORTABLE = [usage for usage in Usage if usage.exportable]


@pytest.mark.parametrize("usage", EXPORTABLE)
def test_what_leaves_is_what_came_in(bench: Bench, usage: Usage) -> None:
    for algorithm in usage.algorithms:
        key, value = put(bench, f"issuer/{usage.value}", usage, algorithm)
        assert bench.store.value(key) == value
        made = bench.store.generate(key.label, next(_NUMBERS), usage, algorithm)
        assert check_value(algorithm, bench.store.value(made)) == made.kcv


@pytest.mark.parametrize("usage", sorted(set(Usage) - set(EXPORTABLE), key=str))
def test_what_stays_does_not_leave(bench: Bench, usage: Usage) -> None:
    algorithm = usage.algorithms[0]
    if algorithm.family is Family.RSA:
        algorithm = Algorithm(Family.RSA, 1152, 3)
    key = bench.store.generate(f"ours/{usage.value}", next(_NUMBERS), usage, algorithm)
    assert refused(lambda: bench.store.value(key)) == "KEY_NOT_EXPORTABLE"


def test_public_values_are_those_of_the_secret(bench: Bench) -> None:
    for usage in (Usage.SIGN, Usage.SECTION, Usage.REQUEST):
        key, value = put(bench, HOLDERS[usage][0], usage, usage.algorithms[0])
        for role in ("printing", "custody"):
            assert of(bench, role).public_value(key) == public_value(key.algorithm, value)
    key, _ = put(bench, "issuer/CVK", Usage.CVK, Usage.CVK.algorithms[0])
    assert refused(lambda: of(bench, "dataprep").public_value(key)) == "KEY_USAGE"


def test_a_key_of_this_id_is_not_replaced(bench: Bench) -> None:
    key, value = put(bench, "issuer/CVK", Usage.CVK, Usage.CVK.algorithms[0])
    named = key.label, key.version, key.usage, key.algorithm
    assert refused(lambda: bench.store.put(*named, value)) == "KEY_EXISTS"
    assert refused(lambda: bench.store.generate(*named)) == "KEY_EXISTS"
    pair = bench.store.generate(
        "section/print", next(_NUMBERS), Usage.SECTION, Usage.SECTION.algorithms[0]
    )
    named = pair.label, pair.version, pair.usage, pair.algorithm
    assert refused(lambda: bench.store.generate(*named)) == "KEY_EXISTS"
    assert of(bench, "dataprep").tdes(key).encrypt(bytes(8)) == ClearTdes(value).encrypt(bytes(8))


@pytest.mark.parametrize(
    ("usage", "algorithm", "octets", "code"),
    [
        (Usage.CVK, "AES-128", bytes(range(16)), "KEY_ALGORITHM"),
        (Usage.SIGN, "P-256", bytes(range(32)), "KEY_ALGORITHM"),
        (Usage.CVK, "TDES-112", bytes(range(8)), "KEY_VALUE"),
        (Usage.CVK, "TDES-112", b"\x01" * 16, "KEY_VALUE"),
        (Usage.BADGE_MASTER, "AES-128", bytes(24), "KEY_VALUE"),
        (Usage.SECTION, "P-256", bytes(32), "KEY_VALUE"),
        (Usage.CA_RSA, "RSA-1152/3", bytes(5 * 72), "KEY_VALUE"),
    ],
)
def test_what_is_no_key_does_not_come_in(
    bench: Bench, usage: Usage, algorithm: str, octets: bytes, code: str
) -> None:
    before = set(bench.store.keys())
    what = "issuer/CVK", next(_NUMBERS), usage, Algorithm.parse(algorithm), SecretBytes(octets)
    assert refused(lambda: bench.store.put(*what)) == code
    assert set(bench.store.keys()) == before


@pytest.mark.parametrize("usage", [Usage.CVK, Usage.SECTION, Usage.DIGEST, Usage.KEY_ENCRYPTION])
def test_destroyed_is_gone_from_everywhere(bench: Bench, usage: Usage) -> None:
    label, role = HOLDERS.get(usage, ("bureau/KBPK", "custody"))
    key = bench.store.generate(label, next(_NUMBERS), usage, usage.algorithms[0])
    bench.store.destroy(key)
    bench.store.destroy(key)
    bench.store.commit()
    assert key not in set(bench.store.keys())
    assert key not in set(of(bench, role).keys())
    again = bench.store.generate(label, key.version, usage, usage.algorithms[0])
    assert again in set(bench.store.keys())


# What PKCS#11 alone can hold: a token for each caller.


@pytest.fixture(scope="module")
def house() -> House:
    if reason := missing():
        pytest.skip(reason)
    return House()


def test_a_login_opens_its_own_token_alone(house: House) -> None:
    printing, encoding = "printing.site-1", "encoding.site-1"
    house.tokens.of(printing, house.logins[printing])
    for name, login in (
        (printing, house.logins[encoding]),  # whose token is open in this process by now
        (encoding, house.logins[printing]),
        (encoding, SecretText("")),
        (encoding, house.passphrase),
    ):
        assert refused(partial(house.tokens.of, name, login)) == "TOKEN_LOGIN"
    assert refused(lambda: house.tokens.of("nobody.site-1", SecretText("x"))) == "TOKEN_UNKNOWN"
    house.tokens.of(encoding, house.logins[encoding])


def test_each_token_holds_what_its_owners_grants_name_and_nothing_else(house: House) -> None:
    usages = {label: usage for usage, (label, _) in HOLDERS.items()}
    made = [
        house.store.generate(label, 1, usage, usage.algorithms[0])
        for label, usage in usages.items()
    ]
    for each in house.callers:
        backend = house.tokens.of(each.name, house.logins[each.name])
        backend.refresh()
        assert set(backend.held()) == {key for key in made if may_hold(each, key.label)}
    printing = house.tokens.of("printing.site-1", house.logins["printing.site-1"])
    assert {key.label for key in printing.held()} == {"section/print", "sign/printing.site-1"}


def test_what_a_token_does_not_hold_it_does_not_use(house: House) -> None:
    cvk = house.store.generate("issuer/CVK", 9, Usage.CVK, Usage.CVK.algorithms[0])
    section = house.store.generate("section/chip", 9, Usage.SECTION, Usage.SECTION.algorithms[0])
    printing = house.tokens.of("printing.site-1", house.logins["printing.site-1"])
    printing.refresh()
    peer = point(ec.generate_private_key(ec.SECP256R1()).public_key())
    assert cvk not in set(printing.keys())
    assert refused(lambda: printing.tdes(cvk).encrypt(bytes(8))) == "KEY_NOT_HELD"
    assert refused(lambda: printing.agree(section, peer)) == "KEY_NOT_HELD"
    assert len(printing.public_value(section)) == 65


def test_a_key_does_nothing_but_its_purpose(house: House) -> None:
    """The token itself refuses: no attribute allows more."""
    cvk = house.store.generate("issuer/CVK", 10, Usage.CVK, Usage.CVK.algorithms[0])
    badge = house.store.generate(
        "issuer/BADGE", 10, Usage.BADGE_MASTER, Usage.BADGE_MASTER.algorithms[0]
    )
    dataprep = house.tokens.of("dataprep.site-1", house.logins["dataprep.site-1"])
    keymanagement = house.tokens.of("keymanagement.site-1", house.logins["keymanagement.site-1"])
    for work in (
        lambda: dataprep.tdes(cvk).decrypt(bytes(8)),
        lambda: dataprep.tdes(cvk).cmac(b"m"),
        lambda: keymanagement.cipher(badge).encrypt(bytes(16)),
        lambda: keymanagement.cipher(badge).decrypt(bytes(16)),
    ):
        assert refused(work) == "BACKEND_REFUSED"
