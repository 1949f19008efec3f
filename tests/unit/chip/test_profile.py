from __future__ import annotations

from functools import reduce
from operator import xor

import pytest

from cardwright.chip import PROFILES, Chip, Profile, manufacture
from cardwright.chip.profile import CONTACTLESS, EXTENDED, STANDARD, T0
from tests.unit.chip.badge import install, lv
from tests.unit.chip.host import AES_SET, OK, SERIAL, Scp03Host, fetch

each_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@each_profile
def test_the_answer_to_reset_is_well_formed(profile: Profile) -> None:
    """ISO/IEC 7816-3, 8.2: TS, T0 with the count of historical octets, TD1 and TCK unless T=0."""
    atr = profile.atr
    if not profile.contact:
        assert atr == b""
        return
    assert atr[0] == 0x3B
    historical = atr[1] & 0x0F
    if profile.t0:
        assert len(atr) == 2 + historical
        assert atr[1] & 0xF0 == 0
    else:
        assert atr[1] & 0xF0 == 0x80
        assert atr[2] == 0x01
        assert len(atr) == 3 + historical + 1
        assert reduce(xor, atr[1:]) == 0


@each_profile
def test_the_answer_to_select_is_well_formed(profile: Profile) -> None:
    """ISO/IEC 14443-4, 5.2: TL counts itself, T0 says which of TA, TB, TC follow."""
    ats = profile.ats
    if not profile.contactless:
        assert ats == b""
        return
    assert ats[0] == len(ats)
    assert ats[1] == 0x78
    assert ats[5:] == profile.historical


def test_the_card_capabilities_tell_of_extended_length() -> None:
    """ISO/IEC 7816-4, 8.1.1.2.7: compact TLV 73, bit 7 of its third octet."""
    assert STANDARD.historical.hex() == "8073c60100"
    assert EXTENDED.historical.hex() == "8073c60140"


@each_profile
def test_a_profile_outlives_a_power_down(profile: Profile) -> None:
    chip = manufacture(SERIAL, [AES_SET], profile=profile)
    again = Chip.restore(chip.serialize())
    assert again.serialize() == chip.serialize()
    assert (again.atr, again.ats) == (profile.atr, profile.ats)


def test_power_on_answers_for_the_interface() -> None:
    dual = manufacture(SERIAL, [AES_SET])
    assert dual.power_on() == dual.atr == STANDARD.atr
    assert dual.power_on(contactless=True) == dual.ats == STANDARD.ats


@pytest.mark.parametrize(("profile", "lacks"), [(T0, True), (CONTACTLESS, False)])
def test_an_interface_that_is_not_there_is_mute(profile: Profile, lacks: bool) -> None:
    chip = manufacture(SERIAL, [AES_SET], profile=profile)
    assert chip.power_on(contactless=lacks) == b""
    assert fetch(chip, bytes.fromhex("80CA9F7F00"))[-2:] == OK


def test_applications_learn_how_the_chip_is_powered() -> None:
    chip = manufacture(SERIAL, [AES_SET])
    assert install(Scp03Host(chip).open(0x01))[-2:] == OK
    (badge,) = chip._manager.registry.applets
    for contactless in (True, False, True):
        chip.power_on(contactless=contactless)
        assert badge.contactless is contactless
        assert install(Scp03Host(chip).open(0x01), b"\xf0NEW%d" % contactless)[-2:] == OK
        assert [each.contactless for each in chip._manager.registry.applets][-1] is contactless
        assert (
            Scp03Host(chip)
            .open(0x01)
            .send(0x80, 0xE4, 0, 0, b"\x4f" + lv(b"\xf0NEW%d" % contactless))[-2:]
            == OK
        )
    restored = Chip.restore(chip.serialize())
    assert [each.contactless for each in restored._manager.registry.applets] == [False]


@pytest.mark.parametrize(
    "profile",
    [
        lambda: Profile("x", contact=False, contactless=False),
        lambda: Profile("x", t0=True, extended=True),
        lambda: Profile("x", max_data=256),
        lambda: Profile("x", max_data=254),
        lambda: Profile("x", extended=True, max_data=65536),
        lambda: Profile("x", scp02_i=None, scp03_i=None),
        lambda: Profile("x", scp02_i=0x1A),
        lambda: Profile("x", scp03_i=0x40),
        lambda: Profile("x", scp03_i=0x72),
    ],
)
def test_what_no_chip_can_be(profile: object) -> None:
    assert callable(profile)
    with pytest.raises(ValueError, match=r"\."):
        profile()
