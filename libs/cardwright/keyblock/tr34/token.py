"""The two-pass key token: TR-34-2019, 5.5; samples B.9 (token) and B.12 (random number).

The device (KRD) sends a random number; the host (KDH) answers with SignedData over EnvelopedData
over a key block, and signs the random number and the key's header with it. What TR-34 calls key
block is ASN.1: the host's name, the clear key, and the first sixteen characters of an X9.143
header, whose version and length mean nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.emv.rsa import RsaPrivate
from cardwright.keyblock.combinations import check_combination, check_key
from cardwright.keyblock.fields import Algorithm
from cardwright.keyblock.header import Header, encode_header, parse_fixed
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.envelope import Encipherment, open_envelope, seal_envelope
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.signed import sign_envelope, verify_envelope
from cardwright.secret import SecretBytes

__all__ = ["KeyToken", "make_key_token", "nonce_of", "open_key_token", "random_token"]

_LENGTHS: Final = {Algorithm.TDES: {16, 24}, Algorithm.AES: {16}}


@dataclass(frozen=True, slots=True)
class KeyToken:
    """What a key token brought.

    Attributes:
        header: what the key may do.
        key: the key.
        revocation_lists: the CRLs that came with it, DER, not verified: whoever bound the host
            compares them with what it knows, by the host's certification authority.
    """

    header: Header
    key: SecretBytes
    revocation_lists: tuple[bytes, ...]


def random_token(nonce: bytes) -> bytes:
    """Return the device's random number token (RT_KRD).

    Args:
        nonce: 8 to 16 random octets, used once.

    Raises:
        Tr34Error: TR34_FORMAT for another length.
    """
    if not 8 <= len(nonce) <= 16:
        raise Tr34Error("TR34_FORMAT", "A device's random number has 8 to 16 octets")
    return der.sequence(der.RANDOM_NONCE, der.set_of(der.octet_string(nonce)))


def nonce_of(token: bytes) -> bytes:
    """Return the random number of a token.

    Raises:
        Tr34Error: TR34_FORMAT.
    """
    (attribute,) = der.values(token, der.SEQUENCE)
    identifier, held = der.values(attribute, der.OID, der.SET)
    (nonce,) = der.values(held, der.OCTET_STRING)
    if der.context(der.OID, identifier) != der.RANDOM_NONCE or not 8 <= len(nonce) <= 16:
        raise Tr34Error("TR34_FORMAT", "This is no random number token")
    return nonce


def make_key_token(
    kdh: Party,
    signing_key: RsaPrivate,
    krd: Party,
    random_token: bytes,
    header: Header,
    key: SecretBytes,
    *,
    revocation_lists: Sequence[bytes] = (),
    encipherment: Encipherment = Encipherment.AES_128,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Return the key token (KT_KDH) for a device's random number.

    Args:
        kdh: this host.
        signing_key: its private key.
        krd: the device, bound to this host.
        random_token: what the device sent.
        header: what the key may do; without optional blocks.
        key: triple DES, or AES of 128 bits.
        revocation_lists: the CRL of the host's certification authority, DER.
        encipherment: what enciphers the key under the device's.
        random: gives so many octets.

    Raises:
        Tr34Error: TR34_FORMAT or TR34_KEY.
        KeyBlockError: KEYBLOCK_COMBINATION.
    """
    check_combination(header.usage, header.algorithm, header.mode)
    if header.blocks or len(key) not in _LENGTHS.get(header.algorithm, set()):
        raise Tr34Error("TR34_KEY", "TR-34 takes triple DES and AES-128 keys, no optional blocks")
    nonce, text = nonce_of(random_token), der.octet_string(_text(header))
    content = der.sequence(
        der.integer(1),
        kdh.identifier,
        der.octet_string(key.reveal()),
        der.sequence(der.DATA, der.set_of(text)),
    )
    envelope = seal_envelope(krd, content, encipherment, random)
    attributes = {der.RANDOM_NONCE: der.octet_string(nonce), der.DATA: text}
    return sign_envelope(kdh, signing_key, envelope, attributes, revocation_lists)


def open_key_token(
    krd: Party, decrypting_key: RsaPrivate, kdh: Party, nonce: bytes, token: bytes
) -> KeyToken:
    """Return what a host sent for this device's random number.

    Args:
        krd: this device.
        decrypting_key: its private key.
        kdh: the host that it is bound to.
        nonce: the random number that it sent; forget it after this, whatever comes of it.
        token: the host's answer.

    Raises:
        Tr34Error: TR34_FORMAT, TR34_FORGED, TR34_ENVELOPE or TR34_KEY.
        KeyBlockError: KEYBLOCK_HEADER, KEYBLOCK_VERSION or KEYBLOCK_COMBINATION of a header, and
            KEYBLOCK_KEY.
    """
    expected = {der.RANDOM_NONCE: der.octet_string(nonce)}
    envelope, lists, attributes = verify_envelope(kdh, expected, token)
    (block,) = der.values(open_envelope(krd, decrypting_key, envelope), der.SEQUENCE)
    version, host, key, attribute = der.values(
        block, der.INTEGER, der.SEQUENCE, der.OCTET_STRING, der.SEQUENCE
    )
    identifier, held = der.values(attribute, der.OID, der.SET)
    signed = der.context(der.OID, identifier) == der.DATA and attributes.get(der.DATA) == held
    if version != b"\x01" or der.sequence(host) != kdh.identifier or not signed:
        raise Tr34Error("TR34_FORGED", "The key is of another host or header than was signed")
    (text,) = der.values(held, der.OCTET_STRING)
    header = parse_fixed(text.decode("ascii", "replace"))
    secret = SecretBytes(key)
    if header.algorithm not in _LENGTHS:
        raise Tr34Error("TR34_KEY", "TR-34 takes keys of triple DES and AES")
    check_key(header.usage, header.algorithm, secret)
    return KeyToken(header, secret, lists)


def _text(header: Header) -> bytes:
    text = encode_header(header, 0)
    # The length would be that of no key block; it must not tell the key's.
    return f"{text[0]}0000{text[5:]}".encode()
