"""Minutes: who did what, when and on whose word, signed by the module. No value, but check values.

A file is the JSON, a tab, and the signature of ``sign/module`` in hexadecimal; its name is the
SHA-256 of the JSON, which the journal and ``KeyChanged`` hold. The custodians' own signatures stand
within, so minutes convince without the module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.hsm.port import HsmError
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.inventory.journal import SIGNER, Journal, Signer

__all__ = ["MINUTES_FOLDER", "read_minutes", "write_minutes"]

MINUTES_FOLDER: Final = "minutes"
_DOMAIN: Final = b"cardwright key ceremony, minutes\n"


def write_minutes(
    folder: Path, journal: Journal, sign: Signer, content: Mapping[str, Any]
) -> bytes:
    """Write signed minutes; returns their SHA-256."""
    signer = journal.inventory.newest(SIGNER)
    text = json.dumps({**content, "signer": signer.key_id}, separators=(",", ":")).encode()
    digest = sha256(text).digest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signature = sign(signer, _DOMAIN + text).hex().encode()
    write_private(folder / digest.hex(), text + b"\t" + signature + b"\n")
    return digest


def read_minutes(folder: Path, journal: Journal, digest: bytes) -> Mapping[str, Any]:
    """Read minutes that the journal names.

    Raises:
        HsmError: FILE_MISSING, FILE_EXPOSED, or MINUTES_BROKEN, they are not what was signed.
    """
    text, _, signature = read_private(folder / digest.hex()).rstrip(b"\n").partition(b"\t")
    try:
        content: dict[str, Any] = json.loads(text)
        signer = journal.inventory.record(content["signer"])
        VerifyKey(signer.public).verify(_DOMAIN + text, bytes.fromhex(signature.decode()))
        good = sha256(text).digest() == digest and signer.key.label == SIGNER
    except (ValueError, KeyError, TypeError, BadSignatureError):
        good = False
    if not good:
        raise HsmError("MINUTES_BROKEN", f"Minutes {digest.hex()[:12]} are not what was signed.")
    return content
