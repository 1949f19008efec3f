"""Run the security module, make a TEST keystore for it, or change its keys: see --help."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from cardwright.settings import Settings
from cardwright.telemetry.setup import configure
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.console.options import add_console, run_console
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.inventory.counts import COUNTS_FILE, UseCounts
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.inventory import ENVIRONMENTS
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, Journal
from services.keymanagement.module.inventory.keeper import Store
from services.keymanagement.module.opening import open_store, open_tokens
from services.keymanagement.module.pkcs11 import report
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.pool.makers import run_makers
from services.keymanagement.module.provision import (
    BACKENDS,
    PASSPHRASE_FILE,
    create,
    issuers_of,
)
from services.keymanagement.module.server import start_server
from services.keymanagement.module.verbs.all import VerbsOfTokens
from services.keymanagement.module.verbs.base import Stores

_VARIABLE = "CARDWRIGHT_KEYSTORE_PASSPHRASE"
_GRACE_S = 2.0


def main(argv: list[str]) -> int:
    """Parse the command line and run it; errors are one line with their code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    options = _parser().parse_args(argv)
    try:
        _COMMANDS[options.command](options)
    except HsmError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    return 0


def _init(options: argparse.Namespace) -> None:
    issuers = options.issuer or issuers_of(options.catalogue)
    sites = options.site or ["site-1"]
    create(
        options.out,
        issuers,
        sites,
        options.environment,
        options.backend,
        options.house,
        options.catalogue if options.catalogue.is_dir() else None,
    )


def _console(options: argparse.Namespace) -> None:
    run_console(options, _open)


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder: Path = options.keys
    journal = Journal(folder / JOURNAL_FILE)
    if not journal.entries:
        raise HsmError(
            "JOURNAL_MISSING", "These keys have no journal, so none may be used: restore it."
        )
    counts = UseCounts(folder / COUNTS_FILE)

    def directory_of(backend: Backend) -> KeyDirectory:
        return KeyDirectory(backend, journal.inventory, counts, journal)

    tokens = open_tokens(folder, _passphrase(folder))
    verbs = VerbsOfTokens(tokens, directory_of, Stores.of(folder))
    policy = Policy.load(folder / "policy.json")
    server, address = await start_server(options.listen, verbs.of, policy)
    ready = {"ready": True, "address": address}
    if options.port_file is not None:
        write_private(options.port_file, json.dumps(ready).encode())
    _say(ready)
    await stop.wait()
    await server.stop(_GRACE_S)
    counts.close()


async def _makers(options: argparse.Namespace) -> None:
    telemetry = configure("keypool", Settings.from_environment())
    try:
        await run_makers(options.keys, options.workers)
    finally:
        telemetry.close()


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _open(folder: Path) -> Store:
    return open_store(folder, _passphrase(folder))


def _passphrase(folder: Path) -> SecretText:
    """Take the passphrase from the environment, or else from its file."""
    value = os.environ.get(_VARIABLE, "")
    return SecretText(value or read_private(folder / PASSPHRASE_FILE).decode().strip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.keymanagement.module")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a TEST keystore with random keys, and tokens")
    init.add_argument("--out", type=Path, required=True, help="folder to write to")
    init.add_argument("--catalogue", type=Path, default=Path("catalogue"), help="with issuers/")
    init.add_argument("--issuer", action="append", help="instead of the catalogue's; repeatable")
    init.add_argument("--site", action="append", help="default site-1; repeatable")
    init.add_argument("--environment", choices=ENVIRONMENTS, default="test")
    init.add_argument(
        "--backend",
        choices=BACKENDS,
        default=os.environ.get("CARDWRIGHT_HSM_BACKEND", BACKENDS[0]),
        help="what holds the keys; CARDWRIGHT_HSM_BACKEND says the same. Behind pkcs11 is SoftHSM, "
        "or the library of CARDWRIGHT_PKCS11_LIBRARY",
    )
    init.add_argument(
        "--house", default="", help="begins the tokens' labels, where folders share an HSM"
    )
    serve = commands.add_parser("serve", help="serve the keys of a folder that init made")
    serve.add_argument("--keys", type=Path, required=True, help="folder that init made")
    serve.add_argument("--listen", default="127.0.0.1:0", help="host:port or unix:path")
    serve.add_argument("--port-file", type=Path, help="where to write the ready line")
    makers = commands.add_parser(
        "makers", help="fill the pool of cards' key pairs, at low priority"
    )
    makers.add_argument("--workers", type=int, default=1, help="processes; default 1")
    report.add_options(commands.add_parser("probe", help="tell what a PKCS#11 library can't do"))
    makers.add_argument("--keys", type=Path, required=True, help="folder that init made")
    add_console(commands.add_parser("console", help="list keys, and change them together"))
    return parser


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "init": _init,
    "serve": lambda options: asyncio.run(_serve(options)),
    "makers": lambda options: asyncio.run(_makers(options)),
    "console": _console,
    "probe": report.report,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
