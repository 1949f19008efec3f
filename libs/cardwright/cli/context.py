"""What the commands share: the state folder, output for people and for programs, errors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, TypeVar

import grpc
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cardwright.line.layout import SITE, Layout
from cardwright.localstack.choose import state_dir
from cardwright.localstack.processes import StackStatus, read_status
from cardwright.operator import Operator, open_operator
from cardwright.rpc.query_client import QueryClient
from cardwright.secret import SecretText

__all__ = [
    "AsJson",
    "State",
    "bootstrap_of",
    "console",
    "layout_of",
    "operator_of",
    "query_of",
    "run",
    "running",
    "show",
    "table",
    "tell_coded",
]

State = Annotated[
    Path,
    typer.Option(
        "--state",
        envvar="CARDWRIGHT_STATE",
        default_factory=state_dir,
        show_default=".cardwright",
        help="folder of the local line",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of text")]

console = Console(highlight=False)
T = TypeVar("T")
_WHOLE: Final = 16
"""Characters of a name that no narrow terminal should break."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a command; what goes wrong is told in a line, with a code and what to do."""
    with _told():
        return asyncio.run(main)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except grpc.aio.AioRpcError as error:
        _fail(error.code().name, error.details() or "the query service refused")
    except ConnectionError:
        _fail("LINE_DOWN", "nothing answers: start the line with `cardwright up`")


def tell_coded(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say an error that has a code in one line; any other is a bug, and keeps its trace."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        sys.stderr.write(f"{code}: {error}\n")
    else:
        sys.__excepthook__(kind, error, trace)


def _fail(code: str, message: str) -> None:
    sys.stderr.write(f"{code}: {message}\n")
    raise typer.Exit(1) from None


def show(value: Mapping[str, Any] | Sequence[Any], *, as_json: bool, text: Any = None) -> None:
    """Print for a program, or for a person: ``text`` is anything that rich prints."""
    if as_json:
        sys.stdout.write(json.dumps(value, default=str) + "\n")
    else:
        console.print(text if text is not None else value)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Lay out a table; the names in its first column stay whole where the others can give way."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    cells = [[str(cell) for cell in row] for row in rows]
    longest = max((len(row[0]) for row in cells), default=0)
    for number, column in enumerate(columns):
        whole = longest if number == 0 and longest <= _WHOLE else None
        made.add_column(column, overflow="fold", min_width=whole)
    for row in cells:
        made.add_row(*row)
    return made


def running(state: Path) -> StackStatus | None:
    """Return the status of the line, unless its supervisor is gone."""
    status = read_status(state / "line.json")
    return status if status is not None and status.supervisor.alive() else None


def layout_of(state: Path) -> Layout:
    """Return the layout, or say that no line runs there."""
    if running(state) is None:
        _fail("LINE_DOWN", "no line runs here: start it with `cardwright up`")
    return Layout(state)


def bootstrap_of(layout: Layout) -> str:
    """Return where the line's broker listens."""
    path = layout.root / "bootstrap"
    return path.read_text().strip()


@contextlib.asynccontextmanager
async def query_of(state: Path) -> AsyncIterator[QueryClient]:
    """Open the query service of the line."""
    layout = layout_of(state)
    async with QueryClient(f"127.0.0.1:{layout.ports()['query']}") as client:
        yield client


@contextlib.asynccontextmanager
async def operator_of(state: Path) -> AsyncIterator[Operator]:
    """Open an operator's place of work at the line."""
    layout = layout_of(state)
    token = SecretText(layout.token_file("operator").read_text().strip())
    hsm = f"127.0.0.1:{layout.ports()['hsm']}"
    async with open_operator(bootstrap_of(layout), hsm, token, SITE) as operator:
        yield operator
