"""What can be typed at the console about certificates, identities and the pool of key pairs.

None of it touches a key's value or state, so it needs no approvals: requests and certificates are
public, and what an issuer's key signs here is its own certificate request.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding

from cardwright.emv.authority import TEST_RID
from cardwright.emv.errors import EmvError
from cardwright.emv.oda.answer import IssuerAnswer, write_answer
from cardwright.emv.oda.capk import load_keys
from cardwright.emv.oda.request import RequestFiles
from cardwright.hsm.port import HsmError
from cardwright.iso.errors import IsoError
from cardwright.iso.tracks import Expiry
from services.keymanagement.module.certificates.authority import (
    IssuerKeyRequest,
    issue,
    open_authority,
    request,
)
from services.keymanagement.module.certificates.identities import Identity, issue_identity
from services.keymanagement.module.certificates.store import CertificateStore, today
from services.keymanagement.module.console.listing import tell
from services.keymanagement.module.files import write_private
from services.keymanagement.module.inventory.inventory import KeyRecord
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, Journal
from services.keymanagement.module.inventory.keeper import Store
from services.keymanagement.module.inventory.lifecycle import State
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.pool.marks import load_marks
from services.keymanagement.module.pool.pairs import PairPool
from services.keymanagement.module.pool.store import POOL_FILE, PairStore

__all__ = ["IDENTITY_AUTHORITY", "Place", "add_certificate_commands"]

IDENTITY_AUTHORITY = "bureau/identity-authority"
"""Label of the key that certifies the signing keys of services."""

_Value = TypeVar("_Value")

_CERTIFICATES = ("key", "rid", "authority", "issuer", "serial", "expiry", "days_left")
_AUTHORITIES = ("rid", "index", "bits", "exponent", "expiry", "check_sum")
_POOLS = ("bits", "exponent", "ready", "low_water", "high_water", "used")
_IDENTITY_YEARS, _AUTHORITY_YEARS = 2, 10


class Place(Protocol):
    """What a command finds at the console."""

    folder: Path
    open_store: Callable[[Path], Store]
    as_json: bool


Add = Callable[[str, str, Callable[[Place, argparse.Namespace], None]], argparse.ArgumentParser]


def add_certificate_commands(add: Add) -> None:
    """Add the commands; ``add`` makes one of name, help and what runs."""
    add("pool", "tell how full the pools of card key pairs are", _pool)
    add("certificates", "list issuers' certificates", _list)
    asking = add("certificate-request", "ask an authority to certify an issuer's key", _request)
    asking.add_argument("key", help="e.g. acme/ISSUER-RSA#2")
    asking.add_argument("--identifier", required=True, help="first 3 to 8 digits of its accounts")
    asking.add_argument("--index", type=int, required=True, help="the issuer's number of the key")
    asking.add_argument("--expiry", type=_month, required=True, help="last month, e.g. 2036-12")
    asking.add_argument("--tracking", type=int, default=1, help="number to follow it by")
    _add_out(asking)
    issuing = add("certificate-issue", "answer a request as the TEST authority", _issue)
    issuing.add_argument("request", type=Path, help="its key file, .sip; the .hip lies beside it")
    issuing.add_argument("--authority", type=_octet, default=0x05, help="index of its key; 05")
    _add_out(issuing)
    taking = add("certificate-install", "take an authority's answer for an issuer's key", _install)
    taking.add_argument("key", help="e.g. acme/ISSUER-RSA#2")
    taking.add_argument("answer", type=Path, help="the authority's file, .c05 by key index 05")
    taking.add_argument("--rid", type=bytes.fromhex, default=TEST_RID, help="the payment system")
    listing = add("capk", "list the authorities' public keys, or take more of them", _capk)
    listing.add_argument("--trust", type=Path, help="a list in the same form, to be added")
    _add_out(add("identities", "certify the signing keys of services (X.509)", _identities))


def _pool(place: Place, _: argparse.Namespace) -> None:
    pool = PairPool(PairStore(place.folder / POOL_FILE), load_marks(place.folder))
    tell([asdict(each) for each in pool.state()], as_json=place.as_json, columns=_POOLS)


def _list(place: Place, _: argparse.Namespace) -> None:
    store = CertificateStore(place.folder)
    rows = [
        {
            "key": each.key_id,
            "rid": each.rid,
            "authority": f"{each.authority_index:02X}",
            **_described(store.read(each)),
        }
        for each in store.installed()
    ]
    tell(rows, as_json=place.as_json, columns=_CERTIFICATES)


def _request(place: Place, options: argparse.Namespace) -> None:
    wanted = IssuerKeyRequest(options.identifier, options.index, options.expiry, options.tracking)
    store = place.open_store(place.folder)
    files = _told(lambda: request(store, _key(store, options.key), wanted))
    stem = options.out / f"{wanted.identifier}-{wanted.index:06X}"
    for suffix, content in ((".sip", files.key_file), (".hip", files.hash_file)):
        write_private(stem.with_suffix(suffix), content)
    tell([{"request": f"{stem}.sip", "hash": f"{stem}.hip"}], as_json=place.as_json)


def _issue(place: Place, options: argparse.Namespace) -> None:
    files = RequestFiles(_content(options.request), _content(options.request.with_suffix(".hip")))
    keys = CertificateStore(place.folder)
    store = place.open_store(place.folder)
    authority = open_authority(store, store.keys(), keys)
    answer = _told(lambda: issue(authority, files, keys, options.authority))
    path = options.out / f"{options.request.stem}{answer.suffix}"
    write_private(path, write_answer(answer))
    tell([{"answer": str(path), **_described(answer)}], as_json=place.as_json)


def _install(place: Place, options: argparse.Namespace) -> None:
    keys = CertificateStore(place.folder)
    store = place.open_store(place.folder)
    key = _key(store, options.key)
    index = _authority_of(options.answer)
    answer = _told(
        lambda: keys.check(_content(options.answer), options.rid, index, store.public_value(key))
    )
    keys.install(key.key_id, options.rid, write_answer(answer), index)
    tell([{"key": key.key_id, **_described(answer)}], as_json=place.as_json)


def _capk(place: Place, options: argparse.Namespace) -> None:
    store = CertificateStore(place.folder)
    if options.trust is not None:
        store.trust(_told(lambda: load_keys(_content(options.trust).decode())))
    rows = [
        {
            "rid": key.rid.hex().upper(),
            "index": f"{key.index:02X}",
            "bits": 8 * key.key.length,
            "exponent": key.key.exponent,
            "expiry": f"{key.expiry.year}-{key.expiry.month:02d}",
            "check_sum": key.check_sum().hex().upper(),
        }
        for key in store.authorities()
    ]
    tell(rows, as_json=place.as_json, columns=_AUTHORITIES)


def _identities(place: Place, options: argparse.Namespace) -> None:
    store = place.open_store(place.folder)
    records = list(_signers(Journal(place.folder / JOURNAL_FILE)))
    authority = next((each for each in records if each.key.label == IDENTITY_AUTHORITY), None)
    if authority is None:
        raise HsmError("KEY_UNKNOWN", f"There is no active key {IDENTITY_AUTHORITY}: make one.")
    rows = []
    for record in records:
        itself = record is authority
        begins = dt.datetime.now(dt.UTC).replace(microsecond=0)
        years = _AUTHORITY_YEARS if itself else _IDENTITY_YEARS
        name = None if itself else record.key.label.partition("/")[2]
        identity = Identity(name, record.public, begins, begins + dt.timedelta(days=365 * years))
        certificate = issue_identity(
            identity, authority.public, lambda octets: store.sign(authority.key, octets)
        )
        path = options.out / f"{name or 'identity-authority'}.crt"
        write_private(path, certificate.public_bytes(Encoding.PEM))
        rows.append({"key": record.key.key_id, "certificate": str(path)})
    tell(rows, as_json=place.as_json, columns=("key", "certificate"))


def _signers(journal: Journal) -> Iterator[KeyRecord]:
    now = dt.datetime.now(dt.UTC)
    for record in journal.inventory.records():
        if record.key.usage is Usage.SIGN and record.state_at(now) is State.ACTIVE:
            yield record


def _key(store: Store, key_id: str) -> Key:
    held: Iterable[Key] = store.keys()
    found = next((key for key in held if key.key_id == key_id), None)
    if found is None:
        raise HsmError("KEY_UNKNOWN", f"There is no key {key_id}: write label and version.")
    return found


def _described(answer: IssuerAnswer) -> dict[str, Any]:
    expiry = answer.issuer.expiry
    return {
        "issuer": answer.issuer.identifier,
        "serial": answer.issuer.serial,
        "expiry": f"{expiry.year}-{expiry.month:02d}",
        "days_left": (expiry.last_day() - today()).days,
    }


def _told(work: Callable[[], _Value]) -> _Value:
    """Do it, and tell what the standards refuse as the module tells its own refusals."""
    try:
        return work()
    except (EmvError, IsoError) as error:
        raise HsmError(error.code, str(error)) from None


def _authority_of(answer: Path) -> int:
    try:
        return _octet(answer.suffix.removeprefix(".c"))
    except ValueError:
        raise HsmError(
            "ANSWER_FORMAT", "An answer's file ends in .c and its authority key's index: .c05."
        ) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HsmError("FILE_MISSING", f"{path.name} can't be read: {error.strerror}.") from None


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to; here")


def _month(text: str) -> Expiry:
    year, _, month = text.partition("-")
    return Expiry(int(year), int(month))


def _octet(text: str) -> int:
    return int(text, 16)
