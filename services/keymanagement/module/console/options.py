"""What can be typed at the console."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.ceremony.terminal import TerminalDesk
from services.keymanagement.module.certificates.console import add_certificate_commands
from services.keymanagement.module.console.console import Console, OpenStore
from services.keymanagement.module.inventory.inventory import ENVIRONMENTS
from services.keymanagement.module.keys import Usage

__all__ = ["add_console", "run_console"]

_EXAMPLES: Final = """examples:
  list                                                 every key, its state and check value
  show aurora-bank/CVK#1                               one key and its history
  rotate aurora-bank/CVK --by anna --by boris          make and activate the next version
  generate acme/CVK --usage cvk --environment test --owner acme --activate-at-once --by anna
  approve 1a2b3c4d5e6f --by boris                      the second of two: it is done then
  import acme/ZMK --usage zone-master --algorithm TDES-112 --environment test --owner acme
         --components 2 --by anna --by boris           components are asked for one by one
  wrap acme/CVK#1 --kbpk bureau/KBPK --by anna --by boris
  verify                                               journal, minutes, approvals
  certificate-request acme/ISSUER-RSA#2 --identifier 999999 --index 2 --expiry 2036-12
  certificate-install acme/ISSUER-RSA#2 999999-000002.c05   what the authority answered
"""


@dataclass(frozen=True, slots=True)
class _Command:
    """A proposal: its help, and the arguments that become its parameters."""

    help: str
    arguments: tuple[str, ...]


# The parameters: whether they are given by place, and the rest of argparse's words.
_ARGUMENTS: Final[Mapping[str, tuple[bool, Mapping[str, object]]]] = {
    "label": (True, {"help": "the key's, e.g. acme/IMK-AC"}),
    "key": (True, {"help": "label and version, e.g. acme/IMK-AC#1"}),
    "custodian": (True, {"help": "who becomes one"}),
    "quorum": (True, {"type": int, "help": "approvals that every change needs"}),
    "public": (False, {"required": True, "help": "public half of their key, as `custodian` told"}),
    "usage": (False, {"required": True, "choices": sorted(each.value for each in Usage)}),
    "algorithm": (False, {"help": "e.g. TDES-112, AES-256; by default the usage's usual one"}),
    "environment": (False, {"required": True, "choices": ENVIRONMENTS}),
    "owner": (False, {"required": True, "help": "whose it is: an issuer, or bureau"}),
    "activation": (False, {"help": "not before this time, e.g. 2031-01-01T00:00:00+00:00"}),
    "expiry": (False, {"help": "not after this time"}),
    "limit": (False, {"type": int, "help": "uses that it is good for"}),
    "components": (False, {"type": int, "choices": (2, 3), "default": 2}),
    "kcv": (False, {"help": "check value of the whole key, as its owner told"}),
    "kbpk": (False, {"required": True, "help": "label of the key block protection key"}),
    "block": (False, {"required": True, "help": "the key block"}),
    "exportability": (
        False,
        {"choices": ("E", "N", "S"), "help": "whether the receiver may pass it on; N"},
    ),
    "overlap_until": (
        False,
        {"help": "until when the version before protects, e.g. 2031-01-01T00:00:00+00:00"},
    ),
    "at_once": (
        False,
        {"action": "store_const", "const": "yes", "help": "deactivate the version before now"},
    ),
}
_TERMS: Final = ("environment", "owner", "activation", "expiry", "limit")
_COMMANDS: Final[Mapping[Action, _Command]] = {
    Action.GENERATE: _Command("make a random key", ("label", "usage", "algorithm", *_TERMS)),
    Action.IMPORT: _Command(
        "make a key of components that custodians enter",
        ("label", "usage", "algorithm", "components", "kcv", *_TERMS),
    ),
    Action.UNWRAP: _Command(
        "take a key out of an X9.143 key block", ("label", "kbpk", "block", *_TERMS)
    ),
    Action.EXPORT: _Command("hand a key out in components", ("key", "components")),
    Action.WRAP: _Command("put a key into an X9.143 key block", ("key", "kbpk", "exportability")),
    Action.ROTATE: _Command(
        "make and activate a key's next version; the one before goes on for 30 days",
        ("label", "overlap_until", "at_once"),
    ),
    Action.ACTIVATE: _Command("let a key protect", ("key",)),
    Action.SUSPEND: _Command("stop a key for a while", ("key",)),
    Action.DEACTIVATE: _Command("let a key process old things alone", ("key",)),
    Action.COMPROMISE: _Command("stop a key that others may know, for ever", ("key",)),
    Action.DESTROY: _Command("destroy a key, for ever", ("key",)),
    Action.LIMIT: _Command("set a key's dates and uses", ("key", "activation", "expiry", "limit")),
    Action.ENROL: _Command("make somebody a custodian", ("custodian", "public", *_TERMS)),
    Action.QUORUM: _Command("set how many must approve", ("quorum",)),
}


def add_console(parser: argparse.ArgumentParser) -> None:
    """Add everything that can be typed at the console to a parser."""
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--keys", type=Path, required=True, help="folder with keystore.json")
    parser.add_argument(
        "--passphrases",
        type=Path,
        help="folder with NAME.passphrase of test custodians; by default they are asked",
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    listing = _plain(commands, "list", "list keys", Console.list)
    listing.add_argument("prefix", nargs="?", default="", help="of labels, e.g. acme/")
    _plain(commands, "show", "show a key and its history", Console.show).add_argument("key")
    _plain(commands, "verify", "check journal, minutes and approvals", Console.verify)
    _plain(commands, "minutes", "show minutes", Console.minutes).add_argument("minutes")
    waiting = _plain(commands, "ceremonies", "list proposals", Console.ceremonies)
    waiting.add_argument("--all", action="store_true", help="those too that are done or too late")
    _plain(commands, "custodian", "make a custodian's key file", Console.custodian).add_argument(
        "name"
    )
    add_certificate_commands(partial(_plain, commands))
    approving = _plain(commands, "approve", "approve a proposal", Console.approve)
    approving.add_argument("ceremony", help="its id, as `ceremonies` lists it")
    _add_people(approving)
    for action, command in _COMMANDS.items():
        _add_action(commands, action, command)


def run_console(options: argparse.Namespace, open_store: OpenStore) -> None:
    """Run what was typed.

    Raises:
        HsmError: whatever the command refuses.
    """
    files = dict(getattr(options, "component", None) or [])
    desk = TerminalDesk(options.keys, options.passphrases, files)
    console = Console(options.keys, open_store, desk, options.json)
    options.run(console, options)


def _plain(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    run: Callable[[Console, argparse.Namespace], None],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print JSON, a line each")
    parser.set_defaults(run=run)
    return parser


def _add_action(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    action: Action,
    command: _Command,
) -> None:
    parser = _plain(commands, action.value, command.help, partial(_propose, action))
    for name in command.arguments:
        by_place, words = _ARGUMENTS[name]
        if by_place:
            parser.add_argument(name, **words)  # type: ignore[arg-type]  # argparse's many words
        else:
            flag = f"--{name.replace('_', '-')}"
            parser.add_argument(flag, dest=name, **words)  # type: ignore[arg-type]  # as above
    parser.set_defaults(parameters=command.arguments, activate_at_once=False)
    if action in {Action.GENERATE, Action.IMPORT, Action.UNWRAP}:
        parser.add_argument("--activate-at-once", action="store_true")
    parser.add_argument("--reason", default="", help="in a few words, for the minutes")
    _add_people(parser)


def _add_people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by", action="append", default=[], metavar="NAME", help="a custodian; repeatable"
    )
    parser.add_argument(
        "--component",
        action="append",
        type=_component_file,
        metavar="NAME=FILE",
        help="a custodian's component in a file of their own, instead of the terminal; repeatable",
    )


def _component_file(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError("write NAME=FILE")
    return name, Path(path)


def _propose(action: Action, console: Console, options: argparse.Namespace) -> None:
    console.propose(action, options)
