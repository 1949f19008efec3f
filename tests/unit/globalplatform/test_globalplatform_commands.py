from __future__ import annotations

import pytest

from cardwright.globalplatform import commands
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


@pytest.mark.parametrize("length", [0, 4, 17])
def test_an_aid_has_5_to_16_octets(length: int) -> None:
    with pytest.raises(CommandError):
        commands.select(bytes(length))


def test_fields_have_one_octet_of_length() -> None:
    with pytest.raises(CommandError):
        commands.install_for_install(AID, AID, AID, parameters=bytes(256))
