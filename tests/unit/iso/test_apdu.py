from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso.apdu import SW, CommandApdu, ResponseApdu, StatusWordError
from cardwright.iso.errors import ApduError

octet = st.integers(0, 255)
lengths = st.one_of(st.integers(0, 300), st.sampled_from([255, 256, 65535]))
expected = st.one_of(st.none(), st.integers(1, 300), st.sampled_from([256, 257, 65535, 65536]))
bodies = lengths.map(lambda n: bytes(i % 251 for i in range(n)))
commands = st.builds(CommandApdu, octet, octet, octet, octet, bodies, expected)


@given(commands)
def test_a_card_reads_what_a_host_writes(command: CommandApdu) -> None:
    assert CommandApdu.parse(command.encode()) == command


# ISO/IEC 7816-4 clause 5.1, figure of the seven cases.
@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (CommandApdu(0x80, 0xCA, 1, 2), "80CA0102"),
        (CommandApdu(0x80, 0xCA, 1, 2, le=0x11), "80CA010211"),
        (CommandApdu(0x80, 0xCA, 1, 2, le=256), "80CA010200"),
        (CommandApdu(0x80, 0xCA, 1, 2, b"\xaa"), "80CA010201AA"),
        (CommandApdu(0x80, 0xCA, 1, 2, b"\xaa", 256), "80CA010201AA00"),
        (CommandApdu(0x80, 0xCA, 1, 2, le=257), "80CA0102000101"),
        (CommandApdu(0x80, 0xCA, 1, 2, le=65536), "80CA0102000000"),
        (CommandApdu(0x80, 0xCA, 1, 2, bytes(256)), "80CA0102000100" + "00" * 256),
        (CommandApdu(0x80, 0xCA, 1, 2, b"\xaa", 65536), "80CA0102000001AA0000"),
        (CommandApdu(0x80, 0xCA, 1, 2, bytes(256), 1), "80CA0102000100" + "00" * 256 + "0001"),
    ],
    ids=["1", "2S", "2S-all", "3S", "4S", "2E", "2E-all", "3E", "4E-all", "4E"],
)
def test_coding_of_each_case(command: CommandApdu, octets: str) -> None:
    assert command.encode() == bytes.fromhex(octets)


def test_select_of_the_payment_system_environment() -> None:
    command = CommandApdu(0x00, 0xA4, 0x04, 0x00, b"1PAY.SYS.DDF01", 256)
    assert command.encode().hex() == "00a404000e315041592e5359532e444446303100"


@pytest.mark.parametrize(
    "octets",
    ["", "80CA01", "80CA010202AA", "80CA010201AAAAAA", "80CA01020001", "80CA010200000200",
     "80CA0102000001AA00", "80CA01020000000000"],
)  # fmt: skip
def test_malformed_commands(octets: str) -> None:
    with pytest.raises(ApduError) as caught:
        CommandApdu.parse(bytes.fromhex(octets))
    assert caught.value.code == "APDU_FORMAT"


@given(st.binary(max_size=40))
def test_any_octets_parse_or_are_refused(octets: bytes) -> None:
    try:
        command = CommandApdu.parse(octets)
    except ApduError:
        return
    assert CommandApdu.parse(command.encode()) == command


@pytest.mark.parametrize(
    "fields",
    [(256, 0, 0, 0), (0, -1, 0, 0), (0, 0, 0, 0, bytes(65536)), (0, 0, 0, 0, b"", 0),
     (0, 0, 0, 0, b"", 65537)],
    ids=range(5),
)  # fmt: skip
def test_fields_out_of_range(fields: tuple[Any, ...]) -> None:
    with pytest.raises(ApduError):
        CommandApdu(*fields)


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_responses_round_trip(data: bytes, sw: int) -> None:
    response = ResponseApdu.parse(ResponseApdu(data, sw).encode())
    assert (response.data, response.sw, response.ok) == (data, sw, sw == 0x9000)


def test_expect_raises_the_status_word_by_name() -> None:
    assert ResponseApdu(b"\x01", 0x9000).expect() == b"\x01"
    assert ResponseApdu(b"\x01", 0x6310).expect(SW.MORE_DATA_AVAILABLE) == b"\x01"
    with pytest.raises(StatusWordError) as caught:
        ResponseApdu(b"\x42", 0x6982).expect()
    assert (caught.value.code, caught.value.sw) == ("SECURITY_STATUS_NOT_SATISFIED", 0x6982)
    with pytest.raises(StatusWordError) as caught:
        ResponseApdu(b"", 0x63C2).expect()
    assert caught.value.code == "SW_63C2"


def test_a_response_needs_a_status_word() -> None:
    with pytest.raises(ApduError):
        ResponseApdu.parse(b"\x90")


def test_data_do_not_print() -> None:
    secret = bytes.fromhex("4111111111111111")
    assert "4111" not in repr(CommandApdu(0, 0, 0, 0, secret))
    assert repr(ResponseApdu(secret, 0x9000)) == "ResponseApdu(<8 octets>, sw=9000)"
