"""A card's RSA keys, certificates and signed static data, in the records that hold them.

EMV Book 2, clauses 5.4, 6.4 and 7.1. What a record lacks is computed; what nobody asks for is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.emv.dgi import Dgi
from cardwright.emv.oda.answer import IssuerAnswer
from cardwright.emv.oda.certificate import ICC_TAGS, ISSUER_TAGS, PIN_TAGS, KeyCertificate
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.icc import CardSubject, certify_icc, certify_pin_key
from cardwright.emv.oda.issuer import IssuerKey
from cardwright.emv.oda.static_data import sign_static_data
from cardwright.emv.records import build_records
from cardwright.emv.rsa import ClearRsa, RsaPrivate, public_of
from cardwright.hsm.port import HsmError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards.recipes import CardRecipe, Certification

__all__ = [
    "AUTHORITY_INDEX",
    "CardKeyPair",
    "Issuer",
    "authority_index",
    "holes_of",
    "key_groupings",
    "records",
]

AUTHORITY_INDEX: Final = 0x8F
_SIGNED_STATIC_DATA: Final = 0x93
_ICC_KEY, _PIN_KEY = 0x8201, 0x8301
_SERIALS: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who certifies: a private key by handle, and what the authority answered for it."""

    private: RsaPrivate
    answer: IssuerAnswer

    @property
    def key(self) -> IssuerKey:
        """The key with what its certificate says; OdaError KEY_MISMATCH if they don't belong."""
        return IssuerKey(self.private, self.answer.issuer)


@dataclass(frozen=True, slots=True)
class CardKeyPair:
    """One of the card's own pairs; ``number`` becomes its certificate's serial number."""

    number: int
    key: ClearRsa


def authority_index(certifications: Iterable[Certification]) -> int:
    """Return which of the authority's keys the application names (tag 8F), in whichever record.

    An interface has it in a record of its own, or shares the other's.

    Raises:
        HsmError: CERTIFICATE_AUTHORITY, none or several.
    """
    named = {
        value
        for certification in certifications
        for record in certification.wanted.records
        for tag, value in record.objects
        if tag == AUTHORITY_INDEX and value is not None
    }
    if len(named) != 1 or len(only := named.pop()) != 1:
        raise HsmError(
            "CERTIFICATE_AUTHORITY", "A card with certificates names one authority key (8F)."
        )
    return only[0]


def holes_of(certifications: Iterable[Certification]) -> set[int]:
    """Return the tags that records have room for, and no value."""
    return {
        tag
        for certification in certifications
        for record in certification.wanted.records
        for tag, value in record.objects
        if value is None
    }


def key_groupings(icc: ClearRsa | None, pin: ClearRsa | None) -> Iterator[SecretBytes]:
    """Yield the private keys as chips take them: 8201 to 8205, and 8301 to 8305 (EMV CPS 1.1)."""
    for first, key in ((_ICC_KEY, icc), (_PIN_KEY, pin)):
        if key is not None:
            parts = key.parts
            in_order = (parts.qinv, parts.dq, parts.dp, parts.q, parts.p)
            for identifier, part in enumerate(in_order, first):
                yield SecretBytes(Dgi(identifier, part.reveal()).encode())


def records(
    card: CardRecipe,
    certification: Certification,
    issuer: Issuer,
    pairs: Mapping[str, CardKeyPair],
    code: Callable[[], bytes],
    homes: Collection[int],
) -> list[Dgi]:
    """Complete the records of one interface.

    Args:
        card: whose records they are.
        certification: what is wanted.
        issuer: who certifies.
        pairs: the card's own keys, "icc" and "pin", as far as it has them.
        code: computes the data authentication code of static signatures.
        homes: tags that some record of the application has room for: an interface shares records
            of the other.

    Raises:
        HsmError: CERTIFICATE_RECORD, the records were planned for other keys.
        EmvError: RECORD_LENGTH likewise; ISSUER_MISMATCH, CERTIFICATE_EXPIRY or KEY_LENGTH.
        IsoError: the card's number or expiry is none.
    """
    _require_lasting(card, issuer)
    holes, values = holes_of([certification]), dict[int, bytes]()
    for tags, make in _Values(card, certification, issuer, pairs, code).makers():
        if holes.intersection(tags):
            values |= make()
    if homeless := values.keys() - homes:
        raise HsmError(
            "CERTIFICATE_RECORD",
            f"No record has room for tag {min(homeless):X}: plan them for keys of these sizes.",
        )
    return build_records(
        (record.sfi, record.number, [_filled(tag, value, values) for tag, value in record.objects])
        for record in certification.wanted.records
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """What can stand in a card's records, by who makes it."""

    card: CardRecipe
    certification: Certification
    issuer: Issuer
    pairs: Mapping[str, CardKeyPair]
    code: Callable[[], bytes]

    def makers(self) -> Sequence[tuple[Iterable[int], Callable[[], Mapping[int, bytes]]]]:
        """List tags with what makes their values."""
        return (
            (ISSUER_TAGS, lambda: dict(self.issuer.answer.certificate.objects(ISSUER_TAGS))),
            ((_SIGNED_STATIC_DATA,), self._signature),
            (ICC_TAGS, lambda: dict(self._icc().objects(ICC_TAGS))),
            (PIN_TAGS, lambda: dict(self._pin().objects(PIN_TAGS))),
        )

    def _signature(self) -> Mapping[int, bytes]:
        data = self.certification.wanted.static_data
        return {_SIGNED_STATIC_DATA: sign_static_data(self.issuer.key, data, self.code())}

    def _icc(self) -> KeyCertificate:
        pair, data = self._pair("icc"), self.certification.wanted.static_data
        return certify_icc(self.issuer.key, public_of(pair.key), self._subject(pair), data)

    def _pin(self) -> KeyCertificate:
        pair = self._pair("pin")
        return certify_pin_key(self.issuer.key, public_of(pair.key), self._subject(pair))

    def _pair(self, name: str) -> CardKeyPair:
        if name not in self.pairs:
            raise HsmError(
                "CERTIFICATE_RECORD", f"The card's records certify a key ({name}) that it lacks."
            )
        return self.pairs[name]

    def _subject(self, pair: CardKeyPair) -> CardSubject:
        expiry = Expiry.from_yymm(self.card.expiry)
        return CardSubject(Pan(self.card.number.reveal()), expiry, pair.number % _SERIALS)


def _require_lasting(card: CardRecipe, issuer: Issuer) -> None:
    if Expiry.from_yymm(card.expiry) > issuer.answer.issuer.expiry:
        raise OdaError(
            "CERTIFICATE_EXPIRY",
            "The card would outlive its issuer's certificate; certify the issuer's key anew",
        )


def _filled(tag: int, value: bytes | None, values: Mapping[int, bytes]) -> tuple[int, bytes]:
    if value is not None:
        return tag, value
    if tag not in values:
        raise HsmError(
            "CERTIFICATE_RECORD",
            f"A record has room for tag {tag:X}, which these keys don't yield: plan it for them.",
        )
    return tag, values[tag]
