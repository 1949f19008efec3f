"""Issuers' certificates and authorities' public keys: public data, in the keys folder.

``certificates/<identifier>-<index>-<serial>.c<authority>`` are the authorities' answers as they
came, ``certificates/installed.json`` says which is of which key, and ``capk.json`` is the list of
authority keys, for terminals too.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cardwright.emv.oda.answer import IssuerAnswer, read_answer
from cardwright.emv.oda.capk import AuthorityKey, dump_keys, find_key, load_keys
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import check_current
from cardwright.hsm.port import HsmError
from services.keymanagement.module.files import write_private

__all__ = ["CAPK_FILE", "CERTIFICATES", "CertificateStore", "Installed", "today"]

CAPK_FILE: Final = "capk.json"
CERTIFICATES: Final = "certificates"
_INDEX: Final = "installed.json"


def today() -> dt.date:
    """Return the day in UTC, which decides what has expired."""
    return dt.datetime.now(dt.UTC).date()


@dataclass(frozen=True, slots=True)
class Installed:
    """A certificate that is there.

    Attributes:
        key_id: the issuer's key, label and version.
        rid: the payment system, hexadecimal.
        authority_index: which of its keys signed.
        file: the answer's file.
    """

    key_id: str
    rid: str
    authority_index: int
    file: str


class CertificateStore:
    """The certificates of a keys folder; it takes up what is installed while it runs.

    Args:
        folder: the keys folder.
        day: tells what day it is.
    """

    def __init__(self, folder: Path, day: Callable[[], dt.date] = today) -> None:
        self._folder = folder
        self._day = day
        self._read: tuple[int, dict[tuple[str, str, int], IssuerAnswer]] = (-1, {})

    def find(self, key_id: str, rid: bytes, authority_index: int) -> IssuerAnswer:
        """Find the certificate of an issuer's key by an authority's key; it is good today.

        Raises:
            HsmError: CERTIFICATE_UNKNOWN.
            OdaError: CERTIFICATE_EXPIRED, and what reading an answer raises.
        """
        answer = self._answers().get((key_id, rid.hex().upper(), authority_index))
        if answer is None:
            raise HsmError(
                "CERTIFICATE_UNKNOWN",
                f"{key_id} has no certificate by authority key {authority_index:02X} of this "
                "payment system: request and install one.",
            )
        check_current(answer.issuer.expiry, self._day())
        return answer

    def installed(self) -> list[Installed]:
        """List what is there."""
        path = self._folder / CERTIFICATES / _INDEX
        if not path.exists():
            return []
        return [Installed(**row) for row in json.loads(path.read_text(encoding="utf-8"))]

    def last_serial(self) -> int:
        """Return the highest serial number that any installed certificate has; 0 without one."""
        return max((each.issuer.serial for each in self._answers().values()), default=0)

    def authorities(self) -> tuple[AuthorityKey, ...]:
        """Return the authorities' public keys.

        Raises:
            OdaError: CAPK_FORMAT or CAPK_CHECK_SUM.
        """
        path = self._folder / CAPK_FILE
        return load_keys(path.read_text(encoding="utf-8")) if path.exists() else ()

    def trust(self, keys: Sequence[AuthorityKey]) -> None:
        """Add authorities' public keys; one of the same name is replaced."""
        named = {(key.rid, key.index): key for key in (*self.authorities(), *keys)}
        write_private(self._folder / CAPK_FILE, (dump_keys(named.values()) + "\n").encode())

    def check(
        self, answer: bytes, rid: bytes, authority_index: int, modulus: bytes
    ) -> IssuerAnswer:
        """Read an answer, and insist that it certifies this key.

        Raises:
            OdaError: CAPK_UNKNOWN, KEY_MISMATCH, or what else is wrong with the answer.
        """
        authority = find_key(self.authorities(), rid, authority_index)
        read = read_answer(answer, authority, self._day())
        if read.issuer.key.modulus != modulus:
            raise OdaError("KEY_MISMATCH", "The certificate is of another issuer key")
        return read

    def install(self, key_id: str, rid: bytes, answer: bytes, authority_index: int) -> IssuerAnswer:
        """Keep an answer as the certificate of a key; one by the same authority key is replaced.

        Raises:
            OdaError: CAPK_UNKNOWN, or what is wrong with the answer.
        """
        authority = find_key(self.authorities(), rid, authority_index)
        read = read_answer(answer, authority, self._day())
        # With its serial number: the renewed answer to a request does not overwrite the first.
        name = f"{read.issuer.identifier}-{read.index:06X}-{read.issuer.serial:06X}{read.suffix}"
        folder = self._folder / CERTIFICATES
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / name, answer)
        new = Installed(key_id, rid.hex().upper(), authority_index, name)
        kept = [each for each in self.installed() if _place(each) != _place(new)]
        rows = [asdict(each) for each in (*kept, new)]
        write_private(folder / _INDEX, json.dumps(rows, indent=2).encode())
        return read

    def _answers(self) -> dict[tuple[str, str, int], IssuerAnswer]:
        path = self._folder / CERTIFICATES / _INDEX
        changed = path.stat().st_mtime_ns if path.exists() else 0
        if self._read[0] != changed:
            self._read = changed, {_place(each): self.read(each) for each in self.installed()}
        return self._read[1]

    def read(self, installed: Installed) -> IssuerAnswer:
        """Read an installed certificate, whether it has expired or not."""
        rid = bytes.fromhex(installed.rid)
        authority = find_key(self.authorities(), rid, installed.authority_index)
        answer = (self._folder / CERTIFICATES / installed.file).read_bytes()
        return read_answer(answer, authority, dt.date.min)


def _place(installed: Installed) -> tuple[str, str, int]:
    return installed.key_id, installed.rid, installed.authority_index
