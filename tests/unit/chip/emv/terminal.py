"""The terminal's half for the tests: reads responses and checks signatures by integer powers."""

from __future__ import annotations

import hashlib


def tlvs(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        size = 1
        if data[0] & 0x1F == 0x1F:
            size = 2
        tag, length, data = int.from_bytes(data[:size], "big"), data[size], data[size + 1 :]
        if length == 0x81:
            length, data = data[0], data[1:]
        found.append((tag, data[:length]))
        data = data[length:]
    return found


def objects(response: bytes) -> dict[int, bytes]:
    """What is inside a response's template 77."""
    [(tag, value)] = tlvs(response)
    assert tag == 0x77
    return dict(tlvs(value))


def recovered(modulus: int, exponent: int, signature: bytes) -> bytes:
    """The block that a signature hides (EMV 4.4 Book 2, A2.1.3)."""
    size = (modulus.bit_length() + 7) // 8
    assert len(signature) == size
    return pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")


def dynamic_data(modulus: int, exponent: int, signature: bytes, terminal_data: bytes) -> bytes:
    """Verify Signed Dynamic Application Data (6.5.2, 6.6.2) and give the ICC Dynamic Data."""
    block = recovered(modulus, exponent, signature)
    assert (block[0], block[-1]) == (0x6A, 0xBC)
    assert block[1:3] == b"\x05\x01"
    signed, digest = block[1:-21], block[-21:-1]
    assert hashlib.sha1(signed + terminal_data).digest() == digest
    size = block[3]
    assert set(signed[3 + size :]) == {0xBB}
    return signed[3 : 3 + size]


def combined(
    modulus: int, exponent: int, response: bytes, number: bytes, sent: bytes
) -> tuple[int, bytes]:
    """Verify a CDA response (6.6.2); Cryptogram Information Data and cryptogram.

    ``sent``: the values of PDOL, CDOL1 and, for the second, CDOL2.
    """
    [(_, template)] = tlvs(response)
    found = tlvs(template)
    signature = dict(found)[0x9F4B]
    data = dynamic_data(modulus, exponent, signature, number)
    at = 1 + data[0]
    assert 2 <= data[0] <= 8
    information, cryptogram, digest = data[at], data[at + 1 : at + 9], data[at + 9 :]
    assert bytes((information,)) == dict(found)[0x9F27]
    others = b"".join(
        tag.to_bytes(2, "big") + bytes((len(value),)) + value
        for tag, value in found
        if tag != 0x9F4B
    )
    assert hashlib.sha1(sent + others).digest() == digest
    return information, cryptogram
