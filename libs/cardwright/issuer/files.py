"""Request files: NDJSON (one request a line) and CSV (RFC 4180, with a header line).

Read a line at a time, so a file of any length takes the same memory. A line that can't be used is
told by its number, its fields and a code, never by its content, and the next lines are still read.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pydantic_core
from pydantic import ValidationError

from cardwright.issuer.errors import RequestFileError
from cardwright.issuer.rows import RequestRow

__all__ = ["CSV_COLUMNS", "LineProblem", "NumberedRow", "read_requests"]

LINE_MAX = 65_536  # octets; a request takes some 400

CSV_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "request_id": ("request_id",),
    "product": ("product",),
    "lane": ("lane",),
    "requested_at": ("requested_at",),
    "consent_reference": ("consent", "reference"),
    "consent_given_at": ("consent", "given_at"),
    "consent_expires_at": ("consent", "expires_at"),
    "surname": ("cardholder", "surname"),
    "given_names": ("cardholder", "given_names"),
    "pan": ("account", "pan"),
    "sequence_number": ("account", "sequence_number"),
    "expiry": ("account", "expiry"),
    "pin_block": ("account", "pin_block"),
    "address": ("address", "lines"),
    "country": ("address", "country"),
    "employee_number": ("employee", "number"),
    "department": ("employee", "department"),
    "photo": ("photo",),
    "test_card": ("test_card",),
}
_COLUMN_OF = {path: column for column, path in CSV_COLUMNS.items()}

_Naming = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A request and where it stood.

    Attributes:
        line: its line in the file, from 1; in CSV the line where the record ends.
        row: the request.
    """

    line: int
    row: RequestRow


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that can't be used.

    Attributes:
        line: its line in the file, from 1.
        code: FILE_LINE (no JSON object, or not as many cells as columns), FILE_LINE_LENGTH or
            FILE_FIELDS.
        detail: what to put right, without the line's content.
    """

    line: int
    code: str
    detail: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}: {self.detail}"


def read_requests(path: Path) -> Iterator[NumberedRow | LineProblem]:
    """Read a ``.ndjson`` or ``.csv`` file, a line at a time; empty lines are passed over.

    Raises:
        RequestFileError: FILE_MISSING, FILE_KIND, FILE_COLUMNS, FILE_ENCODING (not UTF-8), or
            FILE_LINE_LENGTH (CSV alone).
    """
    try:
        if path.suffix == ".ndjson":
            with path.open("rb") as file:
                yield from _ndjson(file)
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as text:
                yield from _csv(text)
        else:
            raise RequestFileError("FILE_KIND", f"{path.name}: name it .ndjson or .csv")
    except OSError:
        raise RequestFileError("FILE_MISSING", f"{path.name} can't be read") from None
    except UnicodeDecodeError:
        raise RequestFileError("FILE_ENCODING", f"{path.name} is not UTF-8; save it so") from None


def _ndjson(file: BinaryIO) -> Iterator[NumberedRow | LineProblem]:
    number = 0
    while line := file.readline(LINE_MAX + 1):
        number += 1
        if len(line) > LINE_MAX:
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_MAX)
            yield LineProblem(number, "FILE_LINE_LENGTH", f"over {LINE_MAX:,} octets")
        elif line.strip():
            yield _json_line(number, line)


def _json_line(number: int, line: bytes) -> NumberedRow | LineProblem:
    try:
        fields = pydantic_core.from_json(line)
    except ValueError:
        return LineProblem(number, "FILE_LINE", "not JSON in UTF-8; write one object a line")
    return _row(number, fields, named=".".join)


def _csv(file: TextIO) -> Iterator[NumberedRow | LineProblem]:
    reader = csv.reader(_bounded(file), strict=True)
    columns: Sequence[str] | None = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            yield LineProblem(reader.line_num, "FILE_LINE", "not CSV; check its quotes and length")
            continue
        if cells is None:
            return
        if columns is None:
            columns = _columns(cells)
        elif cells:
            yield _csv_line(reader.line_num, columns, cells)


def _bounded(file: TextIO) -> Iterator[str]:
    while line := file.readline(LINE_MAX + 1):
        if len(line) > LINE_MAX:
            raise RequestFileError(
                "FILE_LINE_LENGTH",
                f"a line is over {LINE_MAX:,} characters; is this a request file?",
            )
        yield line


def _columns(header: Sequence[str]) -> Sequence[str]:
    columns = [cell.strip() for cell in header]
    unknown = [str(place) for place, name in enumerate(columns, 1) if name not in CSV_COLUMNS]
    if unknown:
        raise RequestFileError(
            "FILE_COLUMNS", f"no such column at place {', '.join(unknown)}; see docs/issuers.md"
        )
    if len(set(columns)) != len(columns):
        raise RequestFileError("FILE_COLUMNS", "a column stands twice in the header line")
    return columns


def _csv_line(
    number: int, columns: Sequence[str], cells: Sequence[str]
) -> NumberedRow | LineProblem:
    if len(cells) != len(columns):
        return LineProblem(number, "FILE_LINE", f"{len(cells)} cells for {len(columns)} columns")
    fields: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell:
            *parents, leaf = CSV_COLUMNS[column]
            place = fields
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = cell
    return _row(number, fields, named=lambda path: _COLUMN_OF.get(tuple(path), ".".join(path)))


def _row(number: int, fields: object, *, named: _Naming) -> NumberedRow | LineProblem:
    try:
        return NumberedRow(number, RequestRow.model_validate(fields))
    except ValidationError as error:
        problems = "; ".join(
            dict.fromkeys(
                _problem(item, named)
                for item in error.errors(include_url=False, include_input=False)
            )
        )
        return LineProblem(number, "FILE_FIELDS", problems)


def _problem(item: pydantic_core.ErrorDetails, named: _Naming) -> str:
    # The name of an unknown field is content of the file: it is counted, not shown.
    if item["type"] == "extra_forbidden":
        parent = named([str(part) for part in item["loc"][:-1]])
        return f"{parent or 'the request'} has an unknown field"
    return f"{named([str(part) for part in item['loc']]) or 'the request'}: {item['msg']}"
