from __future__ import annotations

import pytest

from cardwright.globalplatform import commands
from cardwright.globalplatform.commands import CardState, StatusType
from cardwright.globalplatform.errors import CommandError

AID = bytes.fromhex("A0000000031010")


def test_octets_of_the_commands() -> None:
    assert commands.select(AID).hex().upper() == "00A4040007A000000003101000"
    personalization = commands.install_for_personalization(AID)
    assert personalization.hex().upper() == "80E620000D000007A000000003101000000000"
    install = commands.install_for_install(b"\xf0CWEMV", b"\xf0CWEMV\x01", AID)
    assert install.hex().upper() == (
        "80E60C001D06F04357454D5607F04357454D560107A00000000310100100" + "02C9000000"
    )
    assert commands.get_status(0x40).hex().upper() == "80F24002024F0000"
    assert commands.get_status(0x40, more=True).hex().upper() == "80F24003024F0000"


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (commands.delete(AID), "80E40000094F07A000000003101000"),
        (commands.delete(AID, related=True), "80E40080094F07A000000003101000"),
        (commands.delete_keys(version=0x30), "80E4000003D2013000"),
        (commands.delete_keys(identifier=1, version=0x30), "80E4000006D00101D2013000"),
        (commands.delete_keys(identifier=0), "80E4000003D0010000"),
        (commands.get_data(0x9F7F), "80CA9F7F00"),
        (commands.get_data(0xE0), "80CA00E000"),
        (commands.set_card_state(CardState.SECURED), "80F0800F"),
        (commands.set_card_state(CardState.INITIALIZED), "80F08007"),
        (commands.set_status(StatusType.APPLICATION, 0x80, AID), "80F0408007A0000000031010"),
        (
            commands.set_status(StatusType.SECURITY_DOMAIN_AND_APPLICATIONS, 0x00, AID),
            "80F0600007A0000000031010",
        ),
    ],
)
def test_octets_of_the_commands_on_content_and_state(command: bytes, octets: str) -> None:
    assert command.hex().upper() == octets


@pytest.mark.parametrize("length", [0, 4, 17])
def test_an_aid_has_5_to_16_octets(length: int) -> None:
    with pytest.raises(CommandError):
        commands.select(bytes(length))


def test_long_parameters_have_their_length_in_ber() -> None:
    parameters = b"\xc9\x81\x80" + bytes(128)
    install = commands.install_for_install(AID, AID, AID, parameters=parameters)
    assert install[4] == len(install) - 6
    assert install[5 + 3 * 8 + 2 :] == b"\x81\x83" + parameters + b"\0\0"
    short = commands.install_for_install(AID, AID, AID, parameters=bytes(127))
    assert short[5 + 3 * 8 + 2] == 127
    longer = commands.install_for_install(AID, AID, AID, parameters=bytes(128))
    assert longer[5 + 3 * 8 + 2 :][:2] == b"\x81\x80"


def test_fields_have_one_octet_of_length() -> None:
    with pytest.raises(CommandError):
        commands.install_for_install(AID, AID, AID, parameters=bytes(256))
    with pytest.raises(CommandError):
        commands.install_for_install(AID, AID, AID, parameters=bytes(240))


def test_privileges_are_one_octet_or_three() -> None:
    for length in (0, 2, 4):
        with pytest.raises(CommandError):
            commands.install_for_install(AID, AID, AID, privileges=bytes(length))


def test_deleting_no_key_in_particular_is_refused() -> None:
    with pytest.raises(CommandError):
        commands.delete_keys()
