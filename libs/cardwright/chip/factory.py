"""Where chips come from: blank off the mask, or with keys diversified from a transport key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from secrets import token_bytes

from cardwright.chip.card_manager import CardManager
from cardwright.chip.chip import Chip
from cardwright.chip.diversification import TransportKeys
from cardwright.chip.keys import DEK, ENC, MAC, Key, KeySet, KeyStore, KeyType
from cardwright.chip.profile import STANDARD, Profile

__all__ = ["blank_chip", "manufacture"]

_FABRICATOR_TO_DATE = bytes.fromhex("479051684791202601006001")


def blank_chip(
    cplc: bytes,
    diversification_data: bytes,
    *,
    enc: bytes,
    mac: bytes,
    dek: bytes,
    kind: KeyType = KeyType.AES,
    version: int = 0x30,
    profile: Profile = STANDARD,
    random: Callable[[int], bytes] = token_bytes,
) -> Chip:
    """A chip as it leaves the mask, with these static keys and no application installed.

    Args:
        cplc: production data (9F7F), 42 octets.
        diversification_data: what INITIALIZE UPDATE tells, 10 octets.
        enc: one of the three static keys of the one key set; AES keys for SCP03, of one length,
            or double-length triple DES keys for SCP02.
        mac: the second.
        dek: the third.
        kind: their algorithm.
        version: their key version, 01 to 7F.
        profile: what kind of chip it is.
        random: gives octets by their count.

    Raises:
        ValueError: a length does not fit, or the profile has no protocol for such keys.
    """
    keys = {ENC: Key(kind, enc), MAC: Key(kind, mac), DEK: Key(kind, dek)}
    return _chip(cplc, diversification_data, {version: keys}, profile, random)


def manufacture(
    serial: bytes,
    kmc: bytes | Sequence[TransportKeys],
    *,
    profile: Profile = STANDARD,
    scp_i: int | None = None,
    random: Callable[[int], bytes] = token_bytes,
) -> Chip:
    """A chip as its manufacturer delivers it: keys diversified from transport master keys.

    Args:
        serial: the 10 octets of diversification data that the chip will tell; its last four are
            the IC serial number in CPLC, the two before them the batch.
        kmc: an AES master key for one SCP03 key set of version 30, by KDF3; or several key sets,
            the default one first.
        profile: what kind of chip it is.
        scp_i: another ``scp03_i`` than the profile's.
        random: gives octets by their count.

    Raises:
        ValueError: a length does not fit, the profile has no protocol for such keys, or two key
            sets have one version.
    """
    chosen = profile if scp_i is None else replace(profile, scp03_i=scp_i)
    loaded = [TransportKeys(kmc)] if isinstance(kmc, bytes) else kmc
    sets = [each.card_keys(serial) for each in loaded]
    if len(dict(sets)) < len(sets):
        raise ValueError("Each key set has a version of its own.")
    cplc = _FABRICATOR_TO_DATE + serial[6:10] + serial[4:6]
    return _chip(cplc.ljust(42, b"\0"), serial, dict(sets), chosen, random)


def _chip(
    cplc: bytes,
    diversification_data: bytes,
    sets: dict[int, dict[int, Key]],
    profile: Profile,
    random: Callable[[int], bytes],
) -> Chip:
    if len(cplc) != 42 or len(diversification_data) != 10:
        raise ValueError("CPLC has 42 octets and diversification data 10.")
    if not 1 <= len(sets) <= profile.key_sets or not all(1 <= each <= 0x7F for each in sets):
        raise ValueError(f"A chip has 1 to {profile.key_sets} key sets, of versions 01 to 7F.")
    key_sets = [KeySet(version, keys) for version, keys in sets.items()]
    for each in key_sets:
        if each.protocol is None:
            raise ValueError("Static keys are three keys of one algorithm and length.")
        if profile.option(each.protocol) is None:
            raise ValueError(f"The profile {profile.name} has no SCP0{each.protocol}.")
    store = KeyStore(profile.key_sets, key_sets)
    return Chip(CardManager(profile, cplc, diversification_data, store, random))
