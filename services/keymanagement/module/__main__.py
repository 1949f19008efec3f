"""Run the security module, make a TEST keystore for it, or rotate its keys: see --help."""

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
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.keys import Key
from services.keymanagement.module.keystore import load_keystore, save_keystore
from services.keymanagement.module.lifecycle import rotated, without
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.provision import PASSPHRASE_FILE, create, issuers_of
from services.keymanagement.module.server import start_server
from services.keymanagement.module.software import SoftwareBackend, SoftwareTokens
from services.keymanagement.module.verbs import VerbsOfTokens

_KEYSTORE = "keystore.json"
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
    create(options.out, issuers, options.site or ["site-1"])


def _list(options: argparse.Namespace) -> None:
    for key in sorted(_load(options.keys), key=lambda each: (each.label, each.version)):
        _describe(key)


def _rotate(options: argparse.Namespace) -> None:
    keys, key = rotated(_load(options.keys), options.label)
    save_keystore(options.keys / _KEYSTORE, _passphrase(options.keys), keys)
    _describe(key)


def _destroy(options: argparse.Namespace) -> None:
    keys = without(_load(options.keys), options.key)
    save_keystore(options.keys / _KEYSTORE, _passphrase(options.keys), keys)
    _say({"destroyed": options.key})


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder: Path = options.keys
    verbs = VerbsOfTokens(SoftwareTokens(SoftwareBackend(_load(folder))))
    policy = Policy.load(folder / "policy.json")
    server, address = await start_server(options.listen, verbs.of, policy)
    ready = {"ready": True, "address": address}
    if options.port_file is not None:
        write_private(options.port_file, json.dumps(ready).encode())
    _say(ready)
    await stop.wait()
    await server.stop(_GRACE_S)


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _describe(key: Key) -> None:
    _say({"key": key.key_id, "usage": key.usage.value, "kcv": key.kcv.hex().upper()})


def _load(folder: Path) -> dict[Key, SecretBytes]:
    return load_keystore(folder / _KEYSTORE, _passphrase(folder))


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
    serve = commands.add_parser("serve", help="serve the keys of a folder that init made")
    serve.add_argument("--keys", type=Path, required=True, help="folder with keystore.json")
    serve.add_argument("--listen", default="127.0.0.1:0", help="host:port or unix:path")
    serve.add_argument("--port-file", type=Path, help="where to write the ready line")
    listing = commands.add_parser("list", help="list keys with their check values")
    rotate = commands.add_parser("rotate", help="add a newer version of a key; restart to use it")
    rotate.add_argument("--label", required=True, help='e.g. "bureau/request"')
    destroy = commands.add_parser("destroy", help="destroy an old version of a key, for ever")
    destroy.add_argument("--key", required=True, help='e.g. "bureau/request#1"')
    for command in (listing, rotate, destroy):
        command.add_argument("--keys", type=Path, required=True, help="folder with keystore.json")
    return parser


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "init": _init,
    "serve": lambda options: asyncio.run(_serve(options)),
    "list": _list,
    "rotate": _rotate,
    "destroy": _destroy,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
