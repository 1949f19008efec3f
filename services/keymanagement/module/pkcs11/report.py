"""The command ``probe``: tells what a library can't do, and what follows from that."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from typing import Final

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.pkcs11.folder import LIBRARY
from services.keymanagement.module.pkcs11.probe import Finding, probe_library, probe_softhsm

__all__ = ["PIN", "add_options", "report"]

PIN: Final = "CARDWRIGHT_PKCS11_PIN"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--library",
        default=os.environ.get(LIBRARY, ""),
        help=f"path of a PKCS#11 library; default {LIBRARY}, or else SoftHSM in a token of its own",
    )
    parser.add_argument(
        "--token",
        default="",
        help=f"label of a token to try things in, by the PIN of {PIN} or the prompt; nothing stays "
        "there. Without it the list of mechanisms must be believed",
    )
    parser.add_argument("--json", action="store_true", help="findings as JSON")


def report(options: argparse.Namespace) -> None:
    """Probe and tell.

    Raises:
        HsmError: BACKEND_INCAPABLE if anything is missing, and others of PKCS#11.
    """
    found = _found(options)
    if options.json:
        text = json.dumps([finding.row() for finding in found], indent=1)
    else:
        text = "\n".join(line for finding in found for line in _lines(finding))
    sys.stdout.write(text + "\n")
    failing = [finding for finding in found if not finding.verdict.serves]
    if failing:
        raise HsmError(
            "BACKEND_INCAPABLE",
            f"{len(failing)} of {len(found)} mechanisms can't be used: keys that need them are "
            "refused.",
        )


def _found(options: argparse.Namespace) -> list[Finding]:
    if not options.library:
        return probe_softhsm()
    pin = _pin(options.token) if options.token else None
    return probe_library(options.library, options.token, pin)


def _pin(token: str) -> SecretText:
    return SecretText(os.environ.get(PIN) or getpass.getpass(f"PIN of {token}: "))


def _lines(finding: Finding) -> list[str]:
    detail = f" ({finding.detail})" if finding.detail else ""
    lines = [f"{finding.need.mechanism:<28} {finding.verdict.value}{detail}"]
    if not finding.verdict.serves:
        lines.append(f"  for {finding.need.used_for}")
        lines.append(f"  so: {finding.need.consequence}")
    return lines
