"""Run the security module, or make a TEST keystore for it: see --help."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.keystore import load_keystore
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.provision import PASSPHRASE_FILE, create, issuers_of
from services.keymanagement.module.server import start_server
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.verbs import Verbs

_VARIABLE = "CARDWRIGHT_KEYSTORE_PASSPHRASE"
_GRACE_S = 2.0


def main(argv: list[str]) -> int:
    """Parse the command line and run it; errors are one line with their code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    options = _parser().parse_args(argv)
    try:
        if options.command == "init":
            issuers = options.issuer or issuers_of(options.catalogue)
            create(options.out, issuers, options.site or ["site-1"])
        else:
            asyncio.run(_serve(options))
    except HsmError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder: Path = options.keys
    backend = SoftwareBackend(load_keystore(folder / "keystore.json", _passphrase(folder)))
    policy = Policy.load(folder / "policy.json")
    server, address = await start_server(options.listen, Verbs(backend), policy)
    ready = json.dumps({"ready": True, "address": address})
    if options.port_file is not None:
        write_private(options.port_file, ready.encode())
    sys.stdout.write(f"{ready}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.stop(_GRACE_S)


def _passphrase(folder: Path) -> SecretText:
    """Take the passphrase from the environment, where it doesn't stay, or else from its file."""
    value = os.environ.pop(_VARIABLE, "")
    return SecretText(value or read_private(folder / PASSPHRASE_FILE).decode().strip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.keymanagement.module")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make a TEST keystore with random keys, and tokens")
    init.add_argument("--out", type=Path, required=True, help="folder to write to")
    init.add_argument("--catalogue", type=Path, default=Path("catalogue"), help="with issuers/")
    init.add_argument("--issuer", action="append", help="instead of the catalogue's; repeatable")
    init.add_argument("--site", action="append", help="default site-1; repeatable")
    serve = commands.add_parser("serve", help="serve the keys of a folder that init made")
    serve.add_argument("--keys", type=Path, required=True, help="folder with keystore.json")
    serve.add_argument("--listen", default="127.0.0.1:0", help="host:port or unix:path")
    serve.add_argument("--port-file", type=Path, help="where to write the ready line")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
