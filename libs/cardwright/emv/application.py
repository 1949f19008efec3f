"""One card's EMV application, as EMV CPS 1.1 data groupings: a profile and the card's own values.

Records (0101 to 0AFF), the answer to SELECT (9102; 9103 where contactless has one of its own), to
GET PROCESSING OPTIONS (9104, contactless 9207) and internal data (A001) are made here. Keys (8000)
with their check values (9000), the PIN (8010) with its counters (9010), the card's own key pair and
the certificates come from the security module: for these the application carries templates of
records and the octets to be signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardwright.emv.card_values import CardValues, card_objects
from cardwright.emv.dgi import Dgi
from cardwright.emv.oda.static_data import static_data
from cardwright.emv.plan import Plan, PlannedRecord, plan
from cardwright.emv.plan_slots import SDA_TAG_LIST, Slot, authenticates, internal_objects
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_parts import Method
from cardwright.emv.records import build_records, read_locator
from cardwright.emv.selection import file_control_information
from cardwright.iso import tlv
from cardwright.secret import SecretBytes

__all__ = ["EmvApplication", "OfflineAuthentication", "RecordTemplate", "build"]

_DGI_FCI, _DGI_FCI_CONTACTLESS = 0x9102, 0x9103
_DGI_OPTIONS = {Interface.CONTACT: 0x9104, Interface.CONTACTLESS: 0x9207}
_DGI_INTERNAL = 0xA001


@dataclass(frozen=True, slots=True)
class RecordTemplate:
    """A record that the security module completes.

    Attributes:
        sfi: short file identifier.
        number: record number.
        objects: tag and value in order; None is for the module to fill in.
        length: octets of the finished record, with its template.
    """

    sfi: int
    number: int
    objects: tuple[tuple[int, bytes | None], ...] = field(repr=False)
    length: int


@dataclass(frozen=True, slots=True)
class OfflineAuthentication:
    """What the security module needs to make the application's certificates and signatures.

    Attributes:
        method: the strongest that the application does.
        static_data: static data to be authenticated (EMV Book 3, 10.3).
        records: those that hold certificates; none of them is signed.
        icc_bits: modulus of the card's own key pair; 0 for none.
        pin_bits: modulus of its PIN encipherment key pair; 0 for none.
        icc_exponent: public exponent of both.
    """

    method: Method
    static_data: SecretBytes
    records: tuple[RecordTemplate, ...]
    icc_bits: int
    pin_bits: int = 0
    icc_exponent: int = 3


@dataclass(frozen=True, slots=True)
class EmvApplication:
    """A personalized application's data, without what comes from the security module.

    Attributes:
        aid: which application instance the groupings are for.
        dgis: all groupings that are complete, in the order to store them.
        afl: application file locator of contact, 4 octets an entry; empty for a directory.
        records: the groupings of ``dgis`` that are records.
        authentication: none for an application without certificates.
        contactless_afl: that of contactless; empty for an application without.
        contactless_authentication: where contactless signs other static data than contact: the
            records with the certificates over them. The card has one key pair all the same.
    """

    aid: bytes
    dgis: tuple[Dgi, ...]
    afl: bytes
    records: tuple[Dgi, ...]
    authentication: OfflineAuthentication | None = None
    contactless_afl: bytes = b""
    contactless_authentication: OfflineAuthentication | None = None


def build(profile: Profile, values: CardValues, aid: bytes = b"") -> EmvApplication:
    """Return the application of one card.

    Args:
        profile: What it shares with others.
        values: What it has for itself.
        aid: The instance's; the profile's own unless given.

    Raises:
        EmvError: RECORD_LENGTH or RECORD_LAYOUT, as ``plan`` raises them.
    """
    planned, own = plan(profile), card_objects(values)
    records = tuple(
        build_records(
            (record.sfi, record.number, _complete(record, own))
            for record in planned.records
            if not record.certified
        )
    )
    certificates = {
        interface: _authentication(profile, planned, interface, records, own)
        for interface in Interface
    }
    return EmvApplication(
        aid=aid or profile.aid,
        dgis=(*records, *_answers(profile, planned), *_internal(profile)),
        afl=planned.locators[Interface.CONTACT],
        records=records,
        authentication=certificates[Interface.CONTACT],
        contactless_afl=planned.locators.get(Interface.CONTACTLESS, b""),
        contactless_authentication=certificates[Interface.CONTACTLESS],
    )


def _value(slot: Slot, own: Mapping[int, bytes]) -> bytes | None:
    return slot.value if slot.value is not None else own.get(slot.tag)


def _complete(record: PlannedRecord, own: Mapping[int, bytes]) -> list[tuple[int, bytes]]:
    """Return the record's data objects; all have a value, as none is certified."""
    pairs = ((slot.tag, _value(slot, own)) for slot in record.slots)
    return [(tag, value) for tag, value in pairs if value is not None]


def _answers(profile: Profile, planned: Plan) -> Iterator[Dgi]:
    """What SELECT and GET PROCESSING OPTIONS answer."""
    answers = [
        tlv.encode(0xA5, tlv.encode_all(file_control_information(profile, interface)))
        for interface in profile.interfaces
    ]
    yield Dgi(_DGI_FCI, answers[0])
    if answers[-1] != answers[0]:
        yield Dgi(_DGI_FCI_CONTACTLESS, answers[-1])
    for interface in profile.interfaces:
        aip, afl = profile.settings(interface).aip, planned.locators[interface]
        yield Dgi(_DGI_OPTIONS[interface], tlv.encode_all(((0x82, aip), (0x94, afl))))


def _internal(profile: Profile) -> Iterator[Dgi]:
    objects = internal_objects(profile)
    if objects:
        yield Dgi(_DGI_INTERNAL, tlv.encode_all(objects.items()))


def _authentication(
    profile: Profile,
    planned: Plan,
    interface: Interface,
    records: Sequence[Dgi],
    own: Mapping[int, bytes],
) -> OfflineAuthentication | None:
    """Return what the module makes for an interface; records that both share are contact's."""
    keys = profile.authentication
    mine = [r for r in planned.records if r.certified and r.interfaces[0] is interface]
    if keys is None or not mine:
        return None
    return OfflineAuthentication(
        method=keys.method,
        static_data=_static_data(profile, planned, interface, records),
        records=tuple(
            RecordTemplate(
                record.sfi,
                record.number,
                tuple((slot.tag, _value(slot, own)) for slot in record.slots),
                record.length,
            )
            for record in mine
        ),
        icc_bits=keys.icc_bits or 0,
        pin_bits=keys.pin_bits or 0,
        icc_exponent=keys.icc_exponent,
    )


def _static_data(
    profile: Profile, planned: Plan, interface: Interface, records: Sequence[Dgi]
) -> SecretBytes:
    """Return what is signed for an interface, whose terminal reads by its own locator."""
    content = {dgi.id: dgi.value for dgi in records}
    settings = profile.settings(interface)
    signs_aip = profile.authentication is not None and profile.authentication.sign_aip
    return static_data(
        (
            (item.sfi, content[item.sfi << 8 | item.number])
            for item in read_locator(planned.locators[interface])
            if item.signed
        ),
        SDA_TAG_LIST if signs_aip and authenticates(settings) else b"",
        settings.aip,
    )
