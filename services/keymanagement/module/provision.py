"""A TEST keystore: every key that the examples need, random, with a token for each service.

Production keys come from key ceremonies and stay in an HSM; nothing made here should meet them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import yaml

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.ceremony.custodians import (
    CUSTODIANS_FOLDER,
    custodian_key,
    make_custodian,
)
from services.keymanagement.module.certificates.authority import (
    AUTHORITY_LABELS,
    ISSUER_KEY,
    set_up,
)
from services.keymanagement.module.certificates.console import IDENTITY_AUTHORITY
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.inventory.inventory import LEAST_QUORUM, Change, Terms
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, SIGNER, Journal
from services.keymanagement.module.inventory.keeper import Store, begun
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.keystore import KEYSTORE_FILE, save_keystore
from services.keymanagement.module.pkcs11.folder import STORE_FILE, make_store, name_store
from services.keymanagement.module.policy import GRANTS, Caller, save_policy
from services.keymanagement.module.pool.marks import Marks, save_marks
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.values import check_value, make

__all__ = [
    "BACKENDS",
    "PASSPHRASE_FILE",
    "PKCS11",
    "SECTIONS",
    "SOFTWARE",
    "beginnings",
    "create",
    "issuers_of",
    "test_keys",
    "usages_of",
]

_PAIRS: Final = ("icc_bits", "pin_bits")
_LOW, _HIGH = 32, 128  # a station's batch is at most 100 cards

SOFTWARE, PKCS11 = "software", "pkcs11"
BACKENDS: Final = (SOFTWARE, PKCS11)

SECTIONS: Final = (
    "request",
    "print",
    "stripe",
    "chip",
    "keys",
    "chip_keys",
    "certificates",
    "inspection",
    "pin",
    "mailer",
    "card_pin",
    "pair",
    "dead-letter",
)
"""Vault sections, each with a key of its own, and three more keys to seal to.

No caller opens "card_pin" and "pair": the security module seals PINs for chips and cards' key pairs
to them, for itself. Operators open "dead-letter".
"""

TEST_CUSTODIANS: Final = ("anna", "boris", "clara")
"""Who approve changes of test keys; two of them are enough."""

VENDOR_FILE: Final = "chip-kmc.hex"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105  # the file's name

_BUREAU: Final = {
    SIGNER: Usage.SIGN,
    IDENTITY_AUTHORITY: Usage.SIGN,
    "bureau/request": Usage.REQUEST,
    "bureau/KBPK": Usage.KEY_ENCRYPTION,
    "partner-bureau/KEK": Usage.KEY_ENCRYPTION,
    "chip/KMC": Usage.CHIP_MASTER,
    "digest/pan": Usage.DIGEST,
    "digest/dead-letter": Usage.DIGEST,
}
_SIGNERS: Final = "sign"
_BUREAUS: Final = frozenset({"bureau", "chip", "digest", "section"})
_ISSUER: Final = {
    "IMK-AC": Usage.IMK_AC,
    "IMK-SMI": Usage.IMK_SMI,
    "IMK-SMC": Usage.IMK_SMC,
    "IMK-DAC": Usage.IMK_DAC,
    "IMK-IDN": Usage.IMK_IDN,
    "IMK-CVC3": Usage.IMK_CVC3,
    "CVK": Usage.CVK,
    "PVK": Usage.PVK,
    "IBM-PIN": Usage.IBM_PIN,
    "PEK": Usage.PIN_ENCRYPTION,
    "ZMK": Usage.ZONE_MASTER,
    "KMC": Usage.CHIP_MASTER,
    "BADGE": Usage.BADGE_MASTER,
}


def issuers_of(catalogue: Path) -> list[str]:
    """Read the issuers' names from the catalogue, `issuers/*.yaml`."""
    return [
        yaml.safe_load(path.read_text(encoding="utf-8"))["name"]
        for path in sorted(catalogue.glob("issuers/*.yaml"))
    ]


def identifiers_of(catalogue: Path) -> dict[str, str]:
    """Read the first digits of issuers' account numbers; an issuer without accounts has none."""
    documents = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(catalogue.glob("issuers/*.yaml"))
    ]
    return {
        each["name"]: each["account_range"]["bin"] for each in documents if "account_range" in each
    }


def pools_of(catalogue: Path) -> list[Marks]:
    """Read from the profiles which key pairs cards need, and keep a batch of each ready."""
    sizes = set()
    for path in sorted(catalogue.glob("profiles/*/v*.yaml")):
        asked = yaml.safe_load(path.read_text(encoding="utf-8")).get("authentication") or {}
        exponent = asked.get("icc_exponent", 3)
        sizes |= {(bits, exponent) for name in _PAIRS if (bits := asked.get(name))}
    return [Marks(bits, exponent, _LOW, _HIGH) for bits, exponent in sorted(sizes)]


def usages_of(issuers: Sequence[str], sites: Sequence[str]) -> dict[str, Usage]:
    """List the labels of all keys, with their purposes."""
    return {
        **_BUREAU,
        **{f"section/{section}": Usage.SECTION for section in SECTIONS},
        **{f"sign/{name}": Usage.SIGN for name, _ in _callers(sites)},
        **{f"{issuer}/{name}": usage for issuer in issuers for name, usage in _ISSUER.items()},
    }


def test_keys(issuers: Sequence[str], sites: Sequence[str]) -> dict[Key, SecretBytes]:
    """Make version 1 of every key, at random."""
    keys: dict[Key, SecretBytes] = {}
    for label, usage in usages_of(issuers, sites).items():
        algorithm = usage.algorithms[0]
        value = make(usage, algorithm)
        keys[Key(label, 1, usage, algorithm, check_value(algorithm, value))] = value
    return keys


def beginnings(keys: Iterable[Key], backend: Backend, environment: str = "test") -> list[Change]:
    """Tell how keys came to be and were activated, the module's own signing key first."""
    first = sorted(keys, key=lambda key: key.label != SIGNER)
    changes = []
    for key in first:
        terms = Terms(environment, _owner(key))
        made = begun(key, terms, backend)
        active = replace(made, kind=ChangeKind.ACTIVATED, state=State.ACTIVE, public=b"")
        changes += [made, active]
    return changes


def create(
    out: Path,
    issuers: Sequence[str],
    sites: Sequence[str],
    environment: str = "test",
    backend: str = SOFTWARE,
    house: str = "",
    catalogue: Path | None = None,
) -> None:
    """Write keys, journal, policy, tokens/<name>.token, chip-kmc.hex, and a passphrase.

    With a catalogue also a test authority, the certificates of its issuers that have accounts, the
    authority's public keys (capk.json), and the marks of the pools that its profiles need.

    Args:
        out: folder to write to; a passphrase that is there stays.
        issuers: whose keys to make.
        sites: where services stand.
        environment: that all keys are for, "test" or "live".
        backend: what holds the keys: a sealed keystore, or tokens behind PKCS#11.
        house: begins the labels of PKCS#11 tokens, where folders of keys share an HSM.
        catalogue: the folder with issuers/ and profiles/.

    Raises:
        HsmError: KEYSTORE_EXISTS, since to replace keys would make all that they sealed unreadable;
            PKCS11_BINDING, PKCS11_LIBRARY, TOKEN_SLOT and others of PKCS#11.
    """
    for name in (KEYSTORE_FILE, STORE_FILE):
        if (out / name).exists():
            raise HsmError("KEYSTORE_EXISTS", f"{name} exists: move it if its keys may be lost.")
    tokens_folder = out / "tokens"
    tokens_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase_file = out / PASSPHRASE_FILE
    if not passphrase_file.exists():
        write_private(passphrase_file, secrets.token_urlsafe(32).encode())
    passphrase = SecretText(read_private(passphrase_file).decode().strip())
    tokens = {name: (SecretText(secrets.token_hex(32)), role) for name, role in _callers(sites)}
    for name, (token, _) in tokens.items():
        write_private(tokens_folder / f"{name}.token", token.reveal().encode())
    save_policy(out / "policy.json", tokens)
    _forget(out)
    identifiers = {} if catalogue is None else identifiers_of(catalogue)
    identifiers = {name: each for name, each in identifiers.items() if name in issuers}
    save_marks(out, [] if catalogue is None else pools_of(catalogue))
    if backend == PKCS11:
        logins = {name: login for name, (login, _) in tokens.items()}
        callers = [Caller(name, GRANTS[role]) for name, (_, role) in tokens.items()]
        with closing(make_store(out, passphrase, callers, logins, house)) as store:
            made = _generated(store, usages_of(issuers, sites)) + _pairs(store, identifiers)
            _journal(out, made, store, environment)
            _certify(out, made, store, identifiers)
        name_store(out, house)
        return
    software = SoftwareBackend(test_keys(issuers, sites))
    _pairs(software, identifiers)
    _journal(out, software.keys(), software, environment)
    _certify(out, software.keys(), software, identifiers)
    # Last, as it is what says that all the rest is there.
    save_keystore(out / KEYSTORE_FILE, passphrase, software.values)


def _generated(store: Store, usages: Mapping[str, Usage]) -> list[Key]:
    return [store.generate(label, 1, usage, usage.algorithms[0]) for label, usage in usages.items()]


def _pairs(store: Store, identifiers: Mapping[str, str]) -> list[Key]:
    """Make RSA keys: the test authority's, and those of the issuers that it certifies."""
    if not identifiers:
        return []
    authority = [
        store.generate(label, 1, Usage.CA_RSA, algorithm)
        for label, algorithm in AUTHORITY_LABELS.items()
    ]
    usage = Usage.ISSUER_RSA
    return authority + [
        store.generate(f"{issuer}/{ISSUER_KEY}", 1, usage, usage.algorithms[0])
        for issuer in identifiers
    ]


def _certify(out: Path, keys: Iterable[Key], store: Store, identifiers: Mapping[str, str]) -> None:
    issuers = {
        key: identifiers[key.label.partition("/")[0]]
        for key in keys
        if key.usage is Usage.ISSUER_RSA
    }
    if issuers:
        set_up(CertificateStore(out), store, issuers)


def _journal(out: Path, keys: Iterable[Key], store: Store, environment: str) -> None:
    """Tell how the keys came to be, and hand the chips' transport key to their vendor.

    The vendor has it too, and here the simulators are that.
    """
    kmc = next(key for key in keys if key.label == "chip/KMC")
    write_private(out / VENDOR_FILE, store.value(kmc).reveal().hex().encode())
    changes = [*beginnings(keys, store, environment), *_test_custodians(out, environment)]
    changes[1] = replace(changes[1], quorum=LEAST_QUORUM)
    Journal(out / JOURNAL_FILE).append(changes, store.sign)


def _forget(out: Path) -> None:
    """Remove what a set-up left that a crash cut short."""
    (out / JOURNAL_FILE).unlink(missing_ok=True)
    for path in (out / CUSTODIANS_FOLDER).glob("*.key"):
        path.unlink()


def _test_custodians(out: Path, environment: str) -> list[Change]:
    """Enrol custodians whose passphrases lie beside their keys, which no real one's ever would."""
    folder = out / CUSTODIANS_FOLDER
    changes = []
    for name in TEST_CUSTODIANS:
        passphrase = SecretText(secrets.token_urlsafe(24))
        public = make_custodian(folder, name, passphrase)
        write_private(folder / f"{name}.passphrase", passphrase.reveal().encode())
        terms = Terms(environment, name)
        key = custodian_key(name, 1, public)
        made = Change(key, ChangeKind.IMPORTED, State.PRE_ACTIVATION, terms, public=public)
        active = replace(made, kind=ChangeKind.ACTIVATED, state=State.ACTIVE, public=b"")
        changes += [made, active]
    return changes


def _owner(key: Key) -> str:
    """Tell whose a key is, by its label: an issuer's, who signs with it, or the bureau's."""
    kind, _, name = key.label.partition("/")
    if kind == _SIGNERS:
        return name
    return "bureau" if kind in _BUREAUS else kind


def _callers(sites: Sequence[str]) -> list[tuple[str, str]]:
    """Name every role at every site, e.g. ("printing.site-1", "printing")."""
    return [(f"{role}.{site}", role) for site in sites for role in GRANTS]
