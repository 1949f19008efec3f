"""exchange: hand cards to another bureau, and check what was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.cli.context import AsJson, State, layout_of, run, show
from cardwright.exchange import FileCard, PersonalizationFileError, read
from cardwright.exchange.making import make_file
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.databases import database_of, role_of
from cardwright.line.layout import Layout
from cardwright.secret import SecretText
from cardwright.vault.vault import Vault

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Hand cards to another bureau by file.")
_ROLE: Final = "export"


@app.command("write")
def write_file(
    cards: Annotated[list[str], typer.Argument(help="card ids, prepared and with derived keys")],
    recipient: Annotated[
        str, typer.Option(help="key-encryption key that was agreed on, e.g. partner-bureau/KEK")
    ],
    out: Annotated[Path, typer.Option(help="the file to write; there must be none")],
    state: State,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the personalization file of some cards, for another bureau to make their chips."""
    if out.exists():
        raise PersonalizationFileError("EXCHANGE_EXISTS", f"{out.name} is there already")
    made, octets = run(_export(layout_of(state), recipient, cards))
    out.write_bytes(octets)
    refused = {card.card_id: card.reason for card in made if card.reason}
    told = {"file": str(out), "cards": len(made) - len(refused), "refused": refused}
    show(told, as_json=as_json)
    if refused:
        raise typer.Exit(1)


@app.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(help="a personalization file")],
    state: State,
    *,
    as_json: AsJson = False,
) -> None:
    """Check a file's signature against the security module's public keys, and say what is in it."""
    keys = run(_signers(layout_of(state)))
    found = read(
        file.read_bytes(), lambda octets, signature, key: _by(keys, octets, signature, key)
    )
    told = {
        "batch": found.header.batch,
        "made_at": found.header.made_at,
        "sender": found.header.sender,
        "recipient": found.header.recipient,
        "cards": [card.card_id for card in found.cards if not card.reason],
        "refused": {card.card_id: card.reason for card in found.cards if card.reason},
    }
    show(told, as_json=as_json)


async def _export(
    layout: Layout, recipient: str, cards: Sequence[str]
) -> tuple[list[FileCard], bytes]:
    async with _module(layout) as module:
        vault = await Vault.connect(_dsn(layout, "vault"), _dsn(layout, "datakeys"), module)
        try:
            return await make_file(vault, module, recipient, cards, datetime.now(UTC))
        finally:
            await vault.close()


async def _signers(layout: Layout) -> dict[str, bytes]:
    async with _module(layout) as module:
        return {key.key_id: key.value for key in await module.public_keys(f"sign/{_ROLE}.")}


def _by(keys: dict[str, bytes], octets: bytes, signature: bytes, key_id: str) -> bool:
    if key_id not in keys:
        return False
    try:
        VerifyKey(keys[key_id]).verify(octets, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _module(layout: Layout) -> GrpcSecurityModule:
    token = SecretText(layout.token_file(_ROLE).read_text().strip())
    return GrpcSecurityModule(f"127.0.0.1:{layout.ports()['hsm']}", token)


def _dsn(layout: Layout, database: str) -> SecretText:
    role, port = role_of(_ROLE), layout.ports()["postgres"]
    at = f"127.0.0.1:{port}/{database_of(database)}"
    return SecretText(f"postgresql://{role}:{layout.password(role)}@{at}")
