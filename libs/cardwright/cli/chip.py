"""chip present, apdu: the chip of a finished card, for other programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from cardwright.cli.context import AsJson, State, console, show
from cardwright.cli.pay import pay
from cardwright.line.layout import Layout

app = typer.Typer(
    no_args_is_help=True, help="A finished card's chip: present it, talk to it, pay with it."
)

app.command()(pay)

CardId = Annotated[str, typer.Argument(help="card id, or that of one making: <card id>-1")]
Contactless = Annotated[bool, typer.Option("--contactless", help="over the chip's antenna")]

_VPCD = "127.0.0.1:35963"


@app.command()
def present(
    card_id: CardId,
    state: State,
    vpcd: Annotated[str, typer.Option(metavar="HOST:PORT", help="the virtual reader")] = _VPCD,
    *,
    contactless: Contactless = False,
    as_json: AsJson = False,
) -> None:
    """Put a card into a virtual PC/SC reader until Ctrl-C, or until the reader is gone.

    The chip's memory is kept before each answer, so the card ages as a real one does.
    """
    host, port = _address(vpcd)
    from cardwright.cli.made import take  # noqa: PLC0415 - the chip is slow to load
    from cardwright.devices.vpcd import dial, serve  # noqa: PLC0415 - with it

    answered = 0

    def keep() -> None:
        nonlocal answered
        card.save()
        answered += 1

    with take(Layout(state).floor, card_id) as card, closing(dial(host, port)) as line:
        inserted = {"card": card_id, "reader": f"{host}:{port}"}
        show(inserted, as_json=as_json, text=f"{card_id} is in {host}:{port}; Ctrl-C takes it out")
        try:
            serve(card.chip, line, contactless=contactless, after=keep)
            why = "the reader hung up"
        except KeyboardInterrupt:
            why = "taken out"
    ended = {"ended": why, "commands": answered}
    show(ended, as_json=as_json, text=f"{why} after {answered} commands")


@app.command()
def apdu(
    card_id: CardId,
    commands: Annotated[list[str], typer.Argument(metavar="HEX...", help="command APDUs in hex")],
    state: State,
    *,
    contactless: Contactless = False,
    as_json: AsJson = False,
) -> None:
    """Power a card up, send it commands, and show what it answers, its data included.

    61xx and 6Cxx are resolved. The chip's memory is kept after each command.
    """
    asked = [_octets(each) for each in commands]
    answers = _answers(state, card_id, asked, contactless=contactless)
    if as_json:
        show(answers, as_json=True)
        return
    for each in answers:
        console.print(f"> {each['command']}\n< {each['data']} [bold]{each['sw']}[/bold]")


def _answers(
    state: Path, card_id: str, commands: Sequence[bytes], *, contactless: bool
) -> list[dict[str, str]]:
    from cardwright.cli.made import take  # noqa: PLC0415 - the chip is slow to load
    from cardwright.reader import InProcessCard, WholeAnswers  # noqa: PLC0415 - with it

    answers = []
    with take(Layout(state).floor, card_id) as card:
        connection = WholeAnswers(InProcessCard(card.chip, contactless=contactless))
        for command in commands:
            response = connection.transmit(command)
            card.save()
            answers.append(
                {"command": _hex(command), "data": _hex(response[:-2]), "sw": _hex(response[-2:])}
            )
    return answers


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 0x10000:
        raise typer.BadParameter(f"a reader is HOST:PORT, such as {_VPCD}", param_hint="--vpcd")
    return host.strip("[]"), int(port)


def _octets(text: str) -> bytes:
    try:
        command = bytes.fromhex(text)
    except ValueError:
        raise typer.BadParameter("commands are hexadecimal digits", param_hint="HEX") from None
    if len(command) < 4:
        raise typer.BadParameter("a command has four octets at least", param_hint="HEX")
    return command


def _hex(octets: bytes) -> str:
    return octets.hex().upper()
