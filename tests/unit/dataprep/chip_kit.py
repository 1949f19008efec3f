"""A card of several applications on software chips, its certificates and keys made from test keys.

The place of the security module is taken by the functions that it uses; its own tests are
elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from cardwright.chip.applet import Applet
from cardwright.chip.crypto import des_key_check_value
from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv import EmvApplet
from cardwright.emv.application import OfflineAuthentication
from cardwright.emv.authority import TEST_RID
from cardwright.emv.dgi import Dgi, parse_all
from cardwright.emv.oda.capk import AuthorityKey
from cardwright.emv.oda.certificate import ICC_TAGS, ISSUER_TAGS
from cardwright.emv.oda.icc import CardSubject, certify_icc
from cardwright.emv.oda.issuer import CertifiedIssuer, IssuerKey, certify_issuer
from cardwright.emv.records import RECORD_TEMPLATE
from cardwright.emv.rsa import public_of
from cardwright.iso import tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.issuerhost import Derivation, IssuerKeys
from cardwright.issuerhost.keys import card_key
from cardwright.secret import SecretBytes, SecretText
from services.dataprep.catalogue import load_profiles, read_product
from services.dataprep.chips import ApplicationsChip
from services.dataprep.domain.account import Account, CardPin
from services.dataprep.domain.applications import ComposedChip, applications_chip
from services.dataprep.domain.draft import Draft, draft
from services.dataprep.domain.request import Address, CardRequest
from services.dataprep.domain.sections import ApplicationRecipe
from services.dataprep.products import Product
from tests.unit.dataprep.fakes import BANK, CATALOGUE, TODAY
from tests.unit.emv.rsa_kit import rsa_key

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
PROFILES = load_profiles(CATALOGUE)
PROFILE = PROFILES["emv-debit-cda/v1"]
DEBIT_2 = read_product(CATALOGUE / "products/emv-debit/v2.yaml")
PAN = Pan("9999990000000006")
CVV, CVV2, ICVV = map(SecretText, ("123", "456", "789"))
ACCOUNT = Account(PAN, "00", Expiry(2029, 11), CVV, CVV2, ICVV, issued=False)
CARD_PIN = CardPin(b"sealed for the chip", b"sealed for the mailer", "pvv", "1", SecretText("5432"))
PIN, PIN_BLOCK = "1234", bytes.fromhex("241234FFFFFFFFFF")
MASTERS = IssuerKeys(*(SecretBytes(bytes((n,)) * 15 + b"\x07") for n in (0x13, 0x25, 0x37)))
AUTHORITY_EXPIRY = Expiry(2033, 12)
_ISSUER_EXPIRY = Expiry(2031, 12)
_ICC_KEY = 0x8201


def drafted(product: Product = DEBIT_2) -> Draft:
    """A card's draft."""
    request = CardRequest(
        BANK.name,
        "request-1",
        SecretText("Marlowe"),
        SecretText("Ines"),
        address=Address(("1 Harbour Row", "Dublin 2"), "IE"),
    )
    return draft(CARD, request, product, BANK, waived=(), today=TODAY)


def composed(card: Draft) -> ComposedChip:
    """A card's chip of several applications."""
    chip = card.product.chip
    assert isinstance(chip, ApplicationsChip)
    return applications_chip(card, ACCOUNT, chip, PROFILES, CARD_PIN.places)


@functools.cache
def authority_key() -> AuthorityKey:
    """The authority's key that the profile names, as terminals load it."""
    assert PROFILE.authentication is not None
    private = rsa_key(PROFILE.authentication.ca_bits, 3, "authority")
    (index,) = PROFILE.authentication.ca_key_index
    return AuthorityKey(TEST_RID, index, public_of(private), AUTHORITY_EXPIRY)


@functools.cache
def _issuer() -> tuple[IssuerKey, dict[int, bytes]]:
    """The issuer's key, and the data objects of its certificate."""
    assert PROFILE.authentication is not None
    private = rsa_key(PROFILE.authentication.issuer_bits, 3, "issuer")
    certified = CertifiedIssuer(public_of(private), PAN.digits()[:6], _ISSUER_EXPIRY, 1)
    authority = rsa_key(PROFILE.authentication.ca_bits, 3, "authority")
    certificate = certify_issuer(authority, AUTHORITY_EXPIRY, certified)
    return IssuerKey(private, certified), dict(certificate.objects(ISSUER_TAGS))


def applets(chip: ComposedChip) -> list[Applet]:
    """Personalize every application of a composed chip, in its order."""
    recipes = {recipe.instance_aid: recipe for recipe in chip.recipes}
    return [
        _closed(
            EmvApplet(item.instance_aid)
            if item.instance_aid in recipes
            else DirectoryApplet(item.instance_aid),
            [
                *parse_all(b"".join(item.dgis)),
                *(made(recipes[item.instance_aid]) if item.instance_aid in recipes else ()),
            ],
        )
        for item in chip.applications
    ]


def _closed(applet: Applet, dgis: list[Dgi]) -> Applet:
    for dgi in dgis:
        applet.store(dgi.id, dgi.value, encrypted=dgi.id in applet.ENCRYPTED)
    applet.close_personalization()
    return applet


def made(recipe: ApplicationRecipe) -> Iterator[Dgi]:
    """What the security module adds to an application."""
    keys = [
        card_key(Derivation.OPTION_A, master, PAN.digits(), ACCOUNT.sequence_number).reveal()
        for master in (MASTERS.ac, MASTERS.smi, MASTERS.smc)
    ]
    yield Dgi(0x8000, b"".join(keys))
    yield Dgi(0x9000, b"".join(map(des_key_check_value, keys)))
    yield Dgi(0x8010, PIN_BLOCK)
    yield Dgi(0x9010, bytes((recipe.pin_tries,)) * 2)
    assert recipe.authentication is not None
    parts = rsa_key(recipe.authentication.icc_bits, 3, "icc").parts
    key = (parts.qinv, parts.dq, parts.dp, parts.q, parts.p)
    yield from (Dgi(_ICC_KEY + number, part.reveal()) for number, part in enumerate(key))
    yield from _certificates(recipe.authentication)


def _certificates(authentication: OfflineAuthentication) -> Iterator[Dgi]:
    issuer, values = _issuer()
    own = public_of(rsa_key(authentication.icc_bits, 3, "icc"))
    subject = CardSubject(PAN, ACCOUNT.expiry, 1)
    certificate = certify_icc(issuer, own, subject, authentication.static_data)
    values = values | dict(certificate.objects(ICC_TAGS))
    for template in authentication.records:
        objects = ((t, values[t] if value is None else value) for t, value in template.objects)
        record = tlv.encode(RECORD_TEMPLATE, tlv.encode_all(objects))
        assert len(record) == template.length, "planned to the octet"
        yield Dgi(template.sfi << 8 | template.number, record)
