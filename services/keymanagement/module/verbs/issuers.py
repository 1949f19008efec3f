"""Verbs of an issuer's host, for test cards: cryptograms verified, answered, scripts with MACs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from cardwright.cipher import BlockCipher
from cardwright.emv import cryptogram as ac
from cardwright.emv.cryptogram import CryptogramVersion
from cardwright.emv.messaging import (
    ScriptKeys,
    first_link,
    script_keys,
    secure_format_1,
    secure_format_2,
)
from cardwright.emv.script import script_template
from cardwright.emv.session import cipher_like
from cardwright.hsm.authorization import Authorization, AuthorizationItem
from cardwright.hsm.port import HsmError
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import ApduError
from services.keymanagement.module.cards.emv_keys import card_key
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["IssuerVerbs"]

_ATC, _CRYPTOGRAM, _ISSUER_DATA = 0x9F36, 0x9F26, 0x9F10
_TEST: Final = "test"
_APPROVALS: Final = frozenset({"00", "10", "11"})
_APPROVED: Final = bytes.fromhex("00820000")  # Book 3, C10: approved, offline counters to zero
_DECLINED: Final = bytes(4)
# Whose data, if any, are no secret: CARD BLOCK, APPLICATION UNBLOCK and BLOCK, PIN UNBLOCK, PUT
# DATA. A new PIN would have to be enciphered.
_BARE: Final = frozenset({(0x80, 0x16), (0x80, 0x18), (0x80, 0x1E), (0x80, 0x24)})
_PUT_DATA: Final = (0x00, 0xDA)


class IssuerVerbs(VerbsBase):
    """Issuers' master keys, used as their hosts do."""

    def authorize(
        self, caller: Caller, items: Sequence[AuthorizationItem]
    ) -> list[Authorization | HsmError]:
        """Verify each cryptogram and answer it as its version asks.

        Version 10 is answered by ARPC method 1, the others by method 2 with a card status update.
        Scripts go in format 2 of secure messaging, of the Common Core Definitions in format 1.
        """
        caller.require_verb("authorize")
        return each(items, partial(self._authorize, caller))

    def _authorize(self, caller: Caller, item: AuthorizationItem) -> Authorization:
        version = ac.version_of(item.objects.get(_ISSUER_DATA, b""))
        cryptogram = item.objects.get(_CRYPTOGRAM, b"")
        key = self._cryptogram_key(caller, item, version, cryptogram)
        session = ac.transaction_key(version, key, item.objects)
        data = _authentication_data(version, session, cryptogram, item.response_code)
        return Authorization(data, self._scripts(caller, version, item))

    def _scripts(
        self, caller: Caller, version: CryptogramVersion, item: AuthorizationItem
    ) -> bytes:
        if not item.script:
            return b""
        newest = next(self._masters(caller, item.imk_smi, Usage.IMK_SMI))
        master = self._card_key(item, newest)
        cryptogram = item.objects[_CRYPTOGRAM]
        # No command has a secret in it, so the second key is never used.
        keys = script_keys(master, master, cryptogram)
        commands = [_command(each) for each in item.script]
        if version in {CryptogramVersion.CCD_5, CryptogramVersion.CCD_6}:
            return script_template(_chained(commands, keys, cryptogram))
        atc = int.from_bytes(item.objects[_ATC], "big")
        return script_template(
            [secure_format_2(each, keys.integrity, atc, cryptogram) for each in commands]
        )

    def _cryptogram_key(
        self,
        caller: Caller,
        item: AuthorizationItem,
        version: CryptogramVersion,
        cryptogram: bytes,
    ) -> BlockCipher:
        """Find the card's key by what it proves: the label may have been rotated since."""
        for key in self._masters(caller, item.imk_ac, Usage.IMK_AC):
            cipher = self._card_key(item, key)
            if ac.verify_arqc(version, cipher, item.objects, cryptogram):
                return cipher
        raise HsmError(
            "CRYPTOGRAM_WRONG", "The card's cryptogram is wrong: it holds other keys or data."
        )

    def _masters(self, caller: Caller, label: str, usage: Usage) -> Iterator[Key]:
        caller.require_key("authorize", label)
        # Only test cards are answered here, so a live key is refused.
        return self._directory.candidates(label, usage, environment=_TEST)

    def _card_key(self, item: AuthorizationItem, key: Key) -> BlockCipher:
        master = self._backend.cipher(key)
        return cipher_like(
            master, card_key(item.derivation, master, item.pan.reveal(), item.sequence_number)
        )


def _authentication_data(
    version: CryptogramVersion, session: BlockCipher, cryptogram: bytes, response_code: str
) -> bytes:
    if not (len(response_code) == 2 and response_code.isascii() and response_code.isalnum()):
        raise HsmError("RESPONSE_CODE", "An authorisation response code is two letters or digits.")
    if version is CryptogramVersion.CVN_10:
        code = response_code.encode()
        return ac.arpc_method_1(session, cryptogram, code) + code
    update = _APPROVED if response_code in _APPROVALS else _DECLINED
    return ac.arpc_method_2(session, cryptogram, update) + update


def _command(octets: bytes) -> CommandApdu:
    """Read a command that may be sent with a MAC and in clear."""
    try:
        command = CommandApdu.parse(octets)
    except ApduError as error:
        raise HsmError(error.code, str(error)) from None
    name = (command.cla, command.ins)
    if not (name == _PUT_DATA or (name in _BARE and not command.data)):
        raise HsmError(
            "SCRIPT_COMMAND",
            "A script here blocks, unblocks or puts data; a new PIN can't be sent this way.",
        )
    return command


def _chained(
    commands: Sequence[CommandApdu], keys: ScriptKeys, cryptogram: bytes
) -> list[CommandApdu]:
    link, secured = first_link(keys.integrity, cryptogram), []
    for command in commands:
        sent, link = secure_format_1(command, keys, link)
        secured.append(sent)
    return secured
