"""What personalization put in, as the commands need it; each view is read when first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.results import DEFAULT_DATA, version
from cardwright.chip.emv.rsa import RsaKey
from cardwright.chip.emv.suite import AES, TDES, Suite
from cardwright.chip.tlv import first, read_dol, read_tlvs

__all__ = ["AES_VERSION", "Dol", "Profile", "records_of"]

Dol = list[tuple[int, int]]
"""Tags and lengths."""

AES_VERSION = 0xA6
_LAST_EMV_SFI = 10
_DEFAULT_AES_DATA = bytes.fromhex("0FA601") + bytes(13) + b"\x0f" + bytes(15)


class Profile:
    """Views of the data groupings over one interface; the groupings must not change under it.

    Attributes:
        groupings: grouping to value.
        contactless: the interface: what is not told apart for the antenna is as for contacts.
    """

    def __init__(self, groupings: Mapping[int, bytes], *, contactless: bool = False) -> None:
        self.groupings = groupings
        self.contactless = contactless

    @property
    def options(self) -> bytes | None:
        """What GET PROCESSING OPTIONS answers; None if the interface is not served."""
        return self.groupings.get(g.OPTIONS_CONTACTLESS if self.contactless else g.OPTIONS)

    @cached_property
    def interchange(self) -> bytes:
        """The Application Interchange Profile (82), two octets."""
        return first(self.options or b"", 0x82) or bytes(2)

    @property
    def fci(self) -> int:
        """The grouping that SELECT answers with."""
        separate = self.contactless and g.FCI_CONTACTLESS in self.groupings
        return g.FCI_CONTACTLESS if separate else g.FCI

    @cached_property
    def pdol(self) -> Dol:
        """What GET PROCESSING OPTIONS asks for (9F38)."""
        proprietary = first(self.groupings.get(self.fci, b""), 0xA5) or b""
        return read_dol(first(proprietary, 0x9F38) or b"")

    @cached_property
    def objects(self) -> dict[int, bytes]:
        """Tag to value of all objects in the records that the AFL names, the first of each tag."""
        found: dict[int, bytes] = {}
        for grouping in records_of(first(self.options or b"", 0x94) or b""):
            if grouping >> 8 <= _LAST_EMV_SFI:
                record = self.groupings.get(grouping, b"")
                for tag, value in read_tlvs(first(record, 0x70) or b""):
                    found.setdefault(tag, value)
        return found

    @cached_property
    def internal(self) -> dict[int, bytes]:
        """Tag to value of the application's internal data (30xx and A0xx); the last counts."""
        found: dict[int, bytes] = {}
        for grouping in sorted(self.groupings):
            if g.is_internal(grouping):
                found.update(read_tlvs(self.groupings[grouping]))
        return found

    @cached_property
    def cdol1(self) -> Dol:
        """What the first GENERATE AC carries (8C)."""
        return read_dol(self.objects.get(0x8C, b""))

    @cached_property
    def cdol2(self) -> Dol:
        """What the second GENERATE AC carries (8D)."""
        return read_dol(self.objects.get(0x8D, b""))

    @property
    def ddol(self) -> Dol:
        """What INTERNAL AUTHENTICATE carries (9F49); empty if that is left to the terminal."""
        return read_dol(self.objects.get(0x9F49, b""))

    @property
    def keys(self) -> tuple[bytes, bytes, bytes]:
        """Master keys: application cryptogram, messaging integrity, messaging confidentiality."""
        value = self.groupings[g.KEYS]
        size = len(value) // 3
        return value[:size], value[size : 2 * size], value[2 * size :]

    @cached_property
    def issuer_data(self) -> bytes:
        """The template of Issuer Application Data (9F10)."""
        longer_than_tdes = len(self.keys[0]) not in TDES.key_sizes
        return self.internal.get(0x9F10, _DEFAULT_AES_DATA if longer_than_tdes else DEFAULT_DATA)

    @cached_property
    def version(self) -> int | None:
        """The cryptogram version that ``issuer_data`` names."""
        return version(self.issuer_data)

    @property
    def suite(self) -> Suite:
        """The cryptogram version's algorithm."""
        return AES if self.version == AES_VERSION else TDES

    @cached_property
    def icc_key(self) -> RsaKey | None:
        """The key that signs dynamic data."""
        return self._rsa(g.ICC_KEY)

    @cached_property
    def pin_key(self) -> RsaKey | None:
        """The key that PINs come enciphered under: a key of its own, or the ICC key."""
        return self._rsa(g.PIN_KEY) or self.icc_key

    @property
    def lower_limit(self) -> int | None:
        """Consecutive offline transactions after which the card wants to go online (9F14)."""
        return self._limit(0x9F14)

    @property
    def upper_limit(self) -> int | None:
        """Consecutive offline transactions after which it declines what can't (9F23)."""
        return self._limit(0x9F23)

    @property
    def issuer_authentication_mandatory(self) -> bool:
        """Whether nothing is approved online without issuer authentication (bit 8 of 9F56)."""
        return bool(self.internal.get(0x9F56, b"\0")[0] & 0x80)

    def _limit(self, tag: int) -> int | None:
        value = self.internal.get(tag)
        return None if value is None else value[0]

    def _rsa(self, names: range) -> RsaKey | None:
        if not all(each in self.groupings for each in names):
            return None
        return RsaKey.load([self.groupings[each] for each in names])


def records_of(locator: bytes) -> Iterator[int]:
    """The groupings of the records that an Application File Locator names, in its order."""
    for file, low, high, _ in zip(*[iter(locator)] * 4, strict=True):
        for number in range(low, high + 1):
            yield file << 5 | number  # the file's SFI is in the five high bits
