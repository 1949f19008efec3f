"""Published certificates are read, and our builders write the very blocks that they hold."""

import datetime as dt

import pytest

from cardwright.emv.oda.answer import read_answer, write_answer
from cardwright.emv.oda.capk import AuthorityKey, find_key
from cardwright.emv.oda.certificate import (
    ICC_TAGS,
    ISSUER_TAGS,
    KeyCertificate,
    planned_lengths,
)
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.icc import CardSubject, certify_icc, recover_icc
from cardwright.emv.oda.issuer import CertifiedIssuer, IssuerKey, certify_issuer, recover_issuer
from cardwright.emv.oda.static_data import recover_static_data, sign_static_data, static_data
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from tests.unit.emv import oda_vectors as vectors
from tests.unit.emv.oda_vectors import CHECK_SUMS, MASTERCARD, SDA, VISA, PublishedCard
from tests.unit.emv.rsa_kit import Recorder

THEN = dt.date(2014, 6, 1)
CARDS = {"mastercard": MASTERCARD, "visa": VISA, "sda": SDA}
every_card = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)


def signed_data(card: PublishedCard) -> SecretBytes:
    return static_data(card.records, card.sda_tag_list, card.aip)


def issuer_of(card: PublishedCard) -> CertifiedIssuer:
    return recover_issuer(card.authority, card.issuer, THEN, card.pan)


@pytest.mark.parametrize("key", CHECK_SUMS, ids=lambda key: f"{key.rid.hex()}-{key.index:02X}")
def test_check_sums_of_the_schemes_test_keys(key: AuthorityKey) -> None:
    assert key.check_sum().hex() == CHECK_SUMS[key]
    assert find_key(CHECK_SUMS, key.rid, key.index) is key


@pytest.mark.parametrize(
    ("card", "identifier", "expiry", "serial", "bits", "exponent"),
    [
        (MASTERCARD, "54133300", Expiry(2014, 12), 0x000001, 1152, 65537),
        (VISA, "476173", Expiry(2019, 12), 0x034969, 1152, 3),
        (SDA, "476173", Expiry(2030, 12), 0x000244, 640, 3),
    ],
    ids=CARDS,
)
def test_an_issuer_is_recovered(
    card: PublishedCard, identifier: str, expiry: Expiry, serial: int, bits: int, exponent: int
) -> None:
    issuer = issuer_of(card)
    assert (issuer.identifier, issuer.expiry, issuer.serial) == (identifier, expiry, serial)
    assert (8 * issuer.key.length, issuer.key.exponent) == (bits, exponent)


@pytest.mark.parametrize(
    ("card", "expiry", "serial", "bits", "exponent"),
    [
        (MASTERCARD, Expiry(2014, 12), 0x000001, 1152, 65537),
        (VISA, Expiry(2019, 12), 0x000007, 896, 3),
    ],
    ids=["mastercard", "visa"],
)
def test_a_card_is_recovered(
    card: PublishedCard, expiry: Expiry, serial: int, bits: int, exponent: int
) -> None:
    assert card.icc is not None
    icc = recover_icc(issuer_of(card).key, card.icc, card.pan, THEN, signed_data(card))
    assert (icc.expiry, icc.serial) == (expiry, serial)
    assert (8 * icc.key.length, icc.key.exponent) == (bits, exponent)


@pytest.mark.parametrize(("card", "code"), [(MASTERCARD, "dac0"), (SDA, "dac5")])
def test_static_data_are_recovered(card: PublishedCard, code: str) -> None:
    assert card.signed is not None
    issuer = issuer_of(card).key
    assert recover_static_data(issuer, card.signed, signed_data(card)).hex() == code


@pytest.mark.parametrize("card", [MASTERCARD, VISA], ids=["mastercard", "visa"])
def test_an_issuers_certificate_is_written_as_published(card: PublishedCard) -> None:
    authority = Recorder(card.authority.modulus)
    made = certify_issuer(authority, Expiry(2099, 12), issuer_of(card))
    assert authority.blocks == [card.authority.apply(card.issuer.certificate)]
    assert (made.remainder, made.exponent) == (card.issuer.remainder, card.issuer.exponent)


def test_the_published_key_of_640_bits_would_not_be_certified_today() -> None:
    with pytest.raises(OdaError) as caught:
        certify_issuer(Recorder(SDA.authority.modulus), Expiry(2099, 12), issuer_of(SDA))
    assert caught.value.code == "KEY_LENGTH"


@pytest.mark.parametrize("card", [MASTERCARD, VISA], ids=["mastercard", "visa"])
def test_a_cards_certificate_is_written_as_published(card: PublishedCard) -> None:
    assert card.icc is not None
    certified = issuer_of(card)
    signer = Recorder(certified.key.modulus)
    signer.exponent = certified.key.exponent
    icc = recover_icc(certified.key, card.icc, card.pan, THEN, signed_data(card))
    subject = CardSubject(card.pan, icc.expiry, icc.serial)
    made = certify_icc(IssuerKey(signer, certified), icc.key, subject, signed_data(card))
    assert signer.blocks == [certified.key.apply(card.icc.certificate)]
    assert (made.remainder, made.exponent) == (card.icc.remainder, card.icc.exponent)


@pytest.mark.parametrize(("card", "code"), [(MASTERCARD, "dac0"), (SDA, "dac5")])
def test_static_data_are_signed_as_published(card: PublishedCard, code: str) -> None:
    assert card.signed is not None
    certified = issuer_of(card)
    signer = Recorder(certified.key.modulus)
    signer.exponent = certified.key.exponent
    sign_static_data(IssuerKey(signer, certified), signed_data(card), bytes.fromhex(code))
    assert signer.blocks == [certified.key.apply(card.signed)]


@pytest.mark.parametrize("card", [MASTERCARD, VISA], ids=["mastercard", "visa"])
def test_lengths_are_planned_as_published(card: PublishedCard) -> None:
    assert card.icc is not None
    certified = issuer_of(card)
    icc = recover_icc(certified.key, card.icc, card.pan, THEN, signed_data(card)).key
    for tags, signer, key, made in (
        (ISSUER_TAGS, card.authority, certified.key, card.issuer),
        (ICC_TAGS, certified.key, icc, card.icc),
    ):
        planned = planned_lengths(tags, signer.length, key.length, key.exponent)
        assert planned == tuple((tag, len(value)) for tag, value in made.objects(tags))


@every_card
def test_no_bit_of_an_issuers_certificate_may_change(card: PublishedCard) -> None:
    parts = (card.issuer.certificate, card.issuer.remainder, card.issuer.exponent)
    for which, part in enumerate(parts):
        for octets in flipped(part):
            changed = KeyCertificate(*(octets if n == which else p for n, p in enumerate(parts)))
            with pytest.raises(OdaError):
                recover_issuer(card.authority, changed, THEN, card.pan)


def test_no_bit_of_a_cards_static_data_may_change() -> None:
    card, issuer = MASTERCARD, issuer_of(MASTERCARD).key
    assert card.icc is not None
    assert card.signed is not None
    for octets in flipped(signed_data(card).reveal()):
        changed = SecretBytes(octets)
        with pytest.raises(OdaError) as caught:
            recover_icc(issuer, card.icc, card.pan, THEN, changed)
        assert caught.value.code == "SIGNATURE_HASH"
        with pytest.raises(OdaError) as caught:
            recover_static_data(issuer, card.signed, changed)
        assert caught.value.code == "SIGNATURE_HASH"


def test_a_published_answer_is_read_and_written_again() -> None:
    answer = read_answer(vectors.ANSWER, vectors.MASTERCARD_EF, dt.date(2024, 1, 24))
    assert answer.issuer.identifier == "522230"
    assert (answer.index, answer.authority_index, answer.suffix) == (1, 0xEF, ".cEF")
    assert (answer.issuer.expiry, answer.issuer.serial) == (Expiry(2032, 12), 0x073459)
    assert (8 * answer.issuer.key.length, answer.issuer.key.exponent) == (1408, 3)
    assert write_answer(answer) == vectors.ANSWER
    authority = Recorder(vectors.MASTERCARD_EF.key.modulus)
    certify_issuer(authority, Expiry(2099, 12), answer.issuer)
    block = vectors.MASTERCARD_EF.key.apply(answer.certificate.certificate)
    assert authority.blocks == [block]


def test_no_bit_of_a_published_answer_may_change() -> None:
    for at, octets in enumerate(flipped(vectors.ANSWER)):
        if 32 <= at < 56:  # the issuer's own number of its key is in the unsigned part alone
            continue
        with pytest.raises(OdaError):
            read_answer(octets, vectors.MASTERCARD_EF, dt.date(2024, 1, 24))


def flipped(octets: bytes) -> list[bytes]:
    number, length = int.from_bytes(octets), len(octets)
    return [(number ^ 1 << bit).to_bytes(length) for bit in reversed(range(8 * length))]
