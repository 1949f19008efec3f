"""Whether the groupings make an application: what is missing, and what contradicts.

A chip knows its own keys and lists; whether an issuer's certificate is true it can't know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.profile import AES_VERSION, Profile, records_of
from cardwright.chip.emv.results import TDES_VERSIONS
from cardwright.chip.emv.rsa import RsaKey
from cardwright.chip.tlv import first

__all__ = ["is_complete"]

_SDA, _DDA, _CDA = 0x40, 0x20, 0x01  # bits of the AIP's first octet
_SDA_OBJECTS = {0x8F, 0x90, 0x9F32, 0x93}
_ICC_CERTIFICATE, _ICC_EXPONENT, _ICC_REMAINDER = 0x9F46, 0x9F47, 0x9F48
_PIN_CERTIFICATE, _PIN_EXPONENT, _PIN_REMAINDER = 0x9F2D, 0x9F2E, 0x9F2F
_DDA_OBJECTS = {0x8F, 0x90, 0x9F32, _ICC_CERTIFICATE, _ICC_EXPONENT}
_UNPREDICTABLE_NUMBER = (0x9F37, 4)
_PLAIN_PIN, _ENCIPHERED_PIN = {0x01, 0x03}, {0x04, 0x05}
_CERTIFICATE_OVERHEAD = 42  # what a certificate holds beside the key (Book 2, table 14)
_LONGEST_RESPONSE = 256
_COMBINED_OVERHEAD = 19  # templates and objects around signature and 9F10 (Book 2, table 50)


_Proof = Callable[[RsaKey, int], bool]
"""Whether a public exponent belongs to a private key."""


def is_complete(groupings: Mapping[int, bytes]) -> bool:
    """Whether nothing is missing. Raises ``Refusal`` 6A80 where groupings contradict each other."""
    views = [Profile(groupings, contactless=each) for each in (False, True)]
    served = [each for each in views if each.options is not None]
    if not served or not {g.FCI, g.KEYS, g.CHECK_VALUES} <= groupings.keys():
        return False
    _require(_keys_fit(served[0]))
    # Both interfaces mostly promise the same key, and its proof costs more than all else here.
    proof = cache(RsaKey.belongs_to)
    return _pins_are_whole(groupings) and all(_serves(each, proof) for each in served)


def _require(condition: bool) -> None:
    if not condition:
        raise Refusal(Status.WRONG_DATA)


def _keys_fit(profile: Profile) -> bool:
    known = profile.version in (*TDES_VERSIONS, AES_VERSION)
    if not known or len(profile.keys[0]) not in profile.suite.key_sizes:
        return False
    check_values = b"".join(map(profile.suite.check_value, profile.keys))
    return check_values == profile.groupings[g.CHECK_VALUES]


def _pins_are_whole(groupings: Mapping[int, bytes]) -> bool:
    """A PIN has its counters, and a key all of its parts or none."""
    has = groupings.keys()
    if any(has & set(names) and not has >= set(names) for names in (g.ICC_KEY, g.PIN_KEY)):
        return False
    return (g.PIN in has) == (g.PIN_COUNTERS in has)


def _serves(profile: Profile, proof: _Proof) -> bool:
    """Whether an interface's records are there, and what they and the AIP promise.

    Over the antenna there may be no lists for GENERATE AC: then there is none.
    """
    locator = first(profile.options or b"", 0x94) or b""
    if not profile.groupings.keys() >= set(records_of(locator)):
        return False
    lists = (profile.pdol, profile.cdol1, profile.cdol2)  # 6A80 for one that can't be read
    _require(all(size for each in lists for _, size in each))
    pays = bool(profile.cdol1) and 0x8D in profile.objects
    if not pays and not profile.contactless:
        return False
    return _authenticates(profile, proof) and _verifies(profile, proof)


def _authenticates(profile: Profile, proof: _Proof) -> bool:
    """Offline data authentication as the AIP promises it (Book 3, 7.2)."""
    promised = profile.interchange[0]
    tags = profile.objects.keys()
    if promised & _SDA and not tags >= _SDA_OBJECTS:
        return False
    if not promised & (_DDA | _CDA):
        return True
    key = profile.icc_key
    if key is None or not tags >= _DDA_OBJECTS:
        return False
    names = (_ICC_CERTIFICATE, _ICC_EXPONENT, _ICC_REMAINDER)
    _require(_certified(profile, key, proof, *names))
    _require(_UNPREDICTABLE_NUMBER in (profile.ddol or (_UNPREDICTABLE_NUMBER,)))
    if promised & _CDA:
        room = _LONGEST_RESPONSE - _COMBINED_OVERHEAD - len(profile.issuer_data)
        _require(key.size <= room and _UNPREDICTABLE_NUMBER in profile.cdol1)
    return True


def _certified(
    profile: Profile, key: RsaKey, proof: _Proof, certificate: int, exponent: int, remainder: int
) -> bool:
    """Whether key, exponent and the certificate's length can be of one public key."""
    objects = profile.objects
    room = len(objects[certificate]) - _CERTIFICATE_OVERHEAD
    rest = objects.get(remainder, b"")
    fits = key.size == room + len(rest) if rest else key.size <= room
    return fits and proof(key, int.from_bytes(objects[exponent], "big"))


def _verifies(profile: Profile, proof: _Proof) -> bool:
    """PINs as the list of verification methods (8E) promises them, and the key for them."""
    has, tags = profile.groupings.keys(), profile.objects.keys()
    methods = {each & 0x3F for each in profile.objects.get(0x8E, b"")[8::2]}
    if methods & _ENCIPHERED_PIN and profile.pin_key is None:
        return False
    if methods & (_PLAIN_PIN | _ENCIPHERED_PIN) and g.PIN not in has:
        return False
    if g.PIN_KEY[0] not in has or profile.pin_key is None or profile.contactless:
        return True
    names = (_PIN_CERTIFICATE, _PIN_EXPONENT, _PIN_REMAINDER)
    if not tags >= set(names[:2]):
        return False
    _require(_certified(profile, profile.pin_key, proof, *names))
    return True
