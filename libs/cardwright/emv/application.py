"""A debit application without offline data authentication, as EMV CPS 1.1 data groupings.

The product's values (``EmvProfile``) and the card's (``CardValues``) become records, the answer to
SELECT (grouping 9102), the answer to GET PROCESSING OPTIONS (9104) and, apart from them since they
come from the security module, the keys (8000) and their check values (9000).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.records import RecordFile, application_file_locator, build_records
from cardwright.iso import tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.secret import SecretText

__all__ = ["CardValues", "EmvApplication", "EmvProfile", "build", "keys_dgis"]

_DGI_FCI = 0x9102
_DGI_PROCESSING_OPTIONS = 0x9104
_DGI_KEYS = 0x8000
_DGI_KEY_CHECK_VALUES = 0x9000
_OFFLINE_DATA_AUTHENTICATION = 0x61  # AIP octet 1: SDA, DDA, CDA
_TRACK2_EQUIVALENT_MAX = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class EmvProfile:
    """What all cards of a product have in common; octets as EMV Book 3 annexes A and C have them.

    Attributes:
        aid: application identifier, 5 to 16 octets.
        label: application label (50), 1 to 16 characters.
        priority: application priority indicator (87), 0 to 255.
        aip: application interchange profile (82), 2 octets, no offline data authentication.
        currency: application currency (9F42), three digits of ISO 4217.
        currency_exponent: its minor digits (9F44).
        country: issuer country (5F28), three digits of ISO 3166.
        language: language preference (5F2D), one to four ISO 639 pairs, such as ``fren``.
        cvm_list: cardholder verification methods (8E), with the two amounts.
        iac_default: issuer action code, default (9F0D), 5 octets.
        iac_denial: issuer action code, denial (9F0E), 5 octets.
        iac_online: issuer action code, online (9F0F), 5 octets.
        cdol1: data that the first cryptogram asks of the terminal (8C).
        cdol2: data that the second asks (8D).
        usage_control: application usage control (9F07), 2 octets.
        application_version: application version number (9F08), 2 octets.
        pdol: data that GET PROCESSING OPTIONS asks (9F38); empty for none.

    Raises:
        EmvError: PROFILE_VALUE, naming the attribute.
    """

    aid: bytes
    label: str
    aip: bytes
    currency: str
    country: str
    language: str
    cvm_list: bytes
    iac_default: bytes
    iac_denial: bytes
    iac_online: bytes
    cdol1: bytes
    cdol2: bytes
    usage_control: bytes
    application_version: bytes
    priority: int = 1
    currency_exponent: int = 2
    pdol: bytes = b""

    def __post_init__(self) -> None:
        for name, good in (
            ("aid", 5 <= len(self.aid) <= 16),
            ("label", 1 <= len(self.label) <= 16 and _printable(self.label)),
            ("priority", 0 <= self.priority <= 0xFF),
            ("aip", len(self.aip) == 2 and not self.aip[0] & _OFFLINE_DATA_AUTHENTICATION),
            ("currency", len(self.currency) == 3 and _decimal(self.currency)),
            ("currency_exponent", 0 <= self.currency_exponent <= 9),
            ("country", len(self.country) == 3 and _decimal(self.country)),
            ("language", len(self.language) in {2, 4, 6, 8} and _printable(self.language)),
            ("cvm_list", 10 <= len(self.cvm_list) <= 252 and len(self.cvm_list) % 2 == 0),
            ("iac_default", len(self.iac_default) == 5),
            ("iac_denial", len(self.iac_denial) == 5),
            ("iac_online", len(self.iac_online) == 5),
            ("cdol1", bool(self.cdol1)),
            ("cdol2", bool(self.cdol2)),
            ("usage_control", len(self.usage_control) == 2),
            ("application_version", len(self.application_version) == 2),
        ):
            if not good:
                raise EmvError("PROFILE_VALUE", f"The profile's {name} is not as EMV Book 3 has it")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardValues:
    """What one card has for itself.

    Attributes:
        pan: application PAN (5A).
        psn: PAN sequence number (5F34), two digits.
        expiry: the last month of the application (5F24 is its last day).
        effective: the first day of the application (5F25).
        service_code: 5F30, and within track 2 equivalent data.
        track2_discretionary: issuer's digits of track 2 equivalent data (57), the iCVV among them.
        stripe_name: cardholder's name as on track 1 (5F20).

    Raises:
        EmvError: CARD_VALUE, naming the attribute.
    """

    pan: Pan
    psn: str
    expiry: Expiry
    effective: dt.date
    service_code: ServiceCode
    track2_discretionary: SecretText
    stripe_name: SecretText

    def __post_init__(self) -> None:
        digits = self.track2_discretionary.reveal()
        track2_digits = len(self.pan) + len(digits) + 8  # separator, YYMM, service code
        for name, good in (
            ("psn", len(self.psn) == 2 and _decimal(self.psn)),
            ("effective", self.effective <= self.expiry.last_day()),
            (
                "track2_discretionary",
                (not digits or _decimal(digits)) and track2_digits <= 2 * _TRACK2_EQUIVALENT_MAX,
            ),
            (
                "stripe_name",
                2 <= len(self.stripe_name) <= 26 and self.stripe_name.reveal().isascii(),
            ),
        ):
            if not good:
                raise EmvError("CARD_VALUE", f"The card's {name} is not as EMV Book 3 has it")


@dataclass(frozen=True, slots=True)
class EmvApplication:
    """A personalized application's data, keys apart.

    Attributes:
        aid: which application instance the groupings are for.
        dgis: all groupings, in the order to store them.
        afl: application file locator, 4 octets an entry.
        records: the groupings of ``dgis`` that are records.
    """

    aid: bytes
    dgis: tuple[Dgi, ...]
    afl: bytes
    records: tuple[Dgi, ...]


def build(profile: EmvProfile, values: CardValues) -> EmvApplication:
    """Return the application of one card.

    Raises:
        EmvError: RECORD_LENGTH when lists of the profile are too long for a record.
    """
    files = _record_files(profile, values)
    records = tuple(build_records(files))
    afl = application_file_locator((sfi, number) for sfi, number, _ in files)
    options = tlv.encode_all(((0x82, profile.aip), (0x94, afl)))
    others = (Dgi(_DGI_FCI, _fci(profile)), Dgi(_DGI_PROCESSING_OPTIONS, options))
    return EmvApplication(profile.aid, records + others, afl, records)


def keys_dgis(enciphered_keys: bytes, check_values: Sequence[bytes]) -> tuple[Dgi, Dgi]:
    """Return groupings 8000 and 9000 of the card's three triple DES master keys.

    Args:
        enciphered_keys: 48 octets, the keys for cryptograms, for messaging integrity and for
            messaging confidentiality in that order, enciphered as the security module gives them.
        check_values: the three keys' 3-octet check values, in the same order.

    Raises:
        EmvError: KEY_DATA for other lengths.
    """
    if len(enciphered_keys) != 48 or [len(value) for value in check_values] != [3, 3, 3]:
        raise EmvError("KEY_DATA", "The keys are 48 enciphered octets with three 3-octet KCVs")
    return (
        Dgi(_DGI_KEYS, enciphered_keys),
        Dgi(_DGI_KEY_CHECK_VALUES, b"".join(check_values)),
    )


def _record_files(profile: EmvProfile, values: CardValues) -> tuple[RecordFile, ...]:
    return (
        (1, 1, [(0x57, _track2(values)), (0x5F20, values.stripe_name.reveal().encode())]),
        (2, 1, [
            (0x5A, _compressed(values.pan.digits())),
            (0x5F24, _numeric(f"{values.expiry.last_day():%y%m%d}")),
            (0x5F25, _numeric(f"{values.effective:%y%m%d}")),
            (0x5F28, _numeric(profile.country)),
            (0x5F30, _numeric(values.service_code.digits)),
            (0x5F34, _numeric(values.psn)),
            (0x9F07, profile.usage_control),
            (0x9F08, profile.application_version),
            (0x9F42, _numeric(profile.currency)),
            (0x9F44, bytes((profile.currency_exponent,))),
        ]),
        (2, 2, [
            (0x8C, profile.cdol1),
            (0x8D, profile.cdol2),
            (0x8E, profile.cvm_list),
            (0x9F0D, profile.iac_default),
            (0x9F0E, profile.iac_denial),
            (0x9F0F, profile.iac_online),
        ]),
    )  # fmt: skip


def _fci(profile: EmvProfile) -> bytes:
    pdol = ((0x9F38, profile.pdol),) if profile.pdol else ()
    return tlv.encode(0xA5, tlv.encode_all((
        (0x50, profile.label.encode()),
        (0x87, bytes((profile.priority,))),
        *pdol,
        (0x5F2D, profile.language.encode()),
    )))  # fmt: skip


def _track2(values: CardValues) -> bytes:
    return _compressed(
        f"{values.pan.digits()}D{values.expiry.yymm}"
        f"{values.service_code.digits}{values.track2_discretionary.reveal()}"
    )


def _numeric(digits: str) -> bytes:
    """Format n: right-justified, a leading zero where the count is odd."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def _compressed(digits: str) -> bytes:
    """Format cn: left-justified, a trailing F where the count is odd."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "F")


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
