"""The project's host and the project's chip, which share no code, in every protocol they know."""

from __future__ import annotations

import pytest

from cardwright.chip import PROFILES, Chip, KeyType, Profile, Scheme, TransportKeys, manufacture
from cardwright.globalplatform import commands
from cardwright.globalplatform.authentication import (
    InitializeUpdateResponse,
    Scp02Option,
    SecurityLevel,
    initialize_update,
)
from cardwright.globalplatform.card_data import parse_key_information, parse_secure_channels
from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.keys import Diversification, KeyAlgorithm, StaticKeys, diversify
from cardwright.globalplatform.profile import CardProfile, open_channel
from cardwright.globalplatform.put_key import NewKeySet, put_key
from cardwright.secret import SecretBytes
from tests.unit.chip.host import KEY, OK, SERIAL, fetch

KEY_SETS = [
    TransportKeys(KEY, Scheme.KDF3),
    TransportKeys(KEY, Scheme.EMV_CPS, KeyType.TDES),
    TransportKeys(KEY, Scheme.VISA2, KeyType.TDES, version=0x2A),
]
SCHEMES = {
    0x30: Diversification.KDF3,
    0x20: Diversification.EMV_CPS,
    0x2A: Diversification.VISA2,
}
AT_LEVELS = [SecurityLevel.C_MAC, SecurityLevel.C_MAC_C_ENC]


def session(chip: Chip, kind: Profile, version: int, level: SecurityLevel) -> SecureChannel:
    """A session, the card's pseudo-random challenge checked too."""
    in_s16_mode = version == 0x30 and (kind.scp03_i or 0) & 1
    challenge = bytes(range(16 if in_s16_mode else 8))
    answer = fetch(chip, initialize_update(challenge, key_version=version))
    response = InitializeUpdateResponse.parse(answer)
    scheme = SCHEMES[version]
    known = CardProfile(
        diversification=scheme,
        card_manager=commands.ISSUER_SECURITY_DOMAIN,
        scp02_option=Scp02Option(kind.scp02_i or 0),
        max_data=kind.max_data,
    )
    keys = diversify(SecretBytes(KEY), response.diversification_data, scheme)
    channel = open_channel(keys, challenge, response, level, known)
    assert chip.process(channel.external_authenticate()) == OK
    return channel


def send(chip: Chip, channel: SecureChannel, apdu: bytes) -> bytes:
    return channel.unwrap(fetch(chip, channel.wrap(apdu)))


def exercise(chip: Chip, channel: SecureChannel) -> None:
    for _ in range(2):
        assert send(chip, channel, commands.get_status(0x80))[-2:] == OK
        assert send(chip, channel, commands.get_data(0x9F7F))[-2:] == OK
        assert send(chip, channel, commands.get_status(0x40)) == b"\x6a\x88"


@pytest.mark.parametrize("kind", PROFILES.values(), ids=PROFILES)
def test_they_understand_each_other_on_every_kind_of_chip(kind: Profile) -> None:
    sets = KEY_SETS[: kind.key_sets]
    chip = manufacture(SERIAL, sets, profile=kind)
    for level in SecurityLevel:
        exercise(chip, session(chip, kind, 0x30, level))
    for version in list(SCHEMES)[1 : len(sets)]:
        for level in AT_LEVELS:
            exercise(chip, session(chip, kind, version, level))
    chip.power_on(contactless=not kind.contact)
    information = fetch(chip, commands.get_data(0xE0))[:-2]
    assert {each.version for each in parse_key_information(information)} == set(
        list(SCHEMES)[: len(sets)]
    )
    channels = parse_secure_channels(fetch(chip, commands.get_data(0x66))[:-2])
    assert channels == ((2, kind.scp02_i), (3, kind.scp03_i))


@pytest.mark.parametrize("i", [0x35, 0x75])
@pytest.mark.parametrize("level", [SecurityLevel.C_MAC_R_MAC, SecurityLevel.C_MAC_C_ENC_R_MAC])
def test_response_macs_of_scp02_chain_through_errors(i: int, level: SecurityLevel) -> None:
    kind = Profile("scp02", scp02_i=i)
    chip = manufacture(SERIAL, KEY_SETS, profile=kind)
    exercise(chip, session(chip, kind, 0x20, level))


@pytest.mark.parametrize("version", [0x20, 0x30])
@pytest.mark.parametrize(("algorithm", "length"), [
    (KeyAlgorithm.TDES, 16), (KeyAlgorithm.AES, 16), (KeyAlgorithm.AES, 24), (KeyAlgorithm.AES, 32),
])  # fmt: skip
def test_the_host_loads_keys_of_any_kind_over_either_protocol(
    version: int, algorithm: KeyAlgorithm, length: int
) -> None:
    kind = PROFILES["standard"]
    chip = manufacture(SERIAL, KEY_SETS, profile=kind)
    channel = session(chip, kind, version, SecurityLevel.C_MAC_C_ENC)
    enc, mac, dek = (SecretBytes(bytes((n,)) * length) for n in (1, 2, 3))
    new = NewKeySet(StaticKeys(enc, mac, dek, algorithm=algorithm), version=0x41)
    assert send(chip, channel, put_key(new, channel)) == new.answer + OK
