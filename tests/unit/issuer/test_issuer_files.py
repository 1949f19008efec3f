from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardwright.issuer.errors import RequestFileError
from cardwright.issuer.files import CSV_COLUMNS, LineProblem, NumberedRow, read_requests
from tests.unit.issuer.issuer_support import GOOD, NOW

EXAMPLES = Path("examples")

shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems(path: Path) -> list[LineProblem]:
    return [item for item in read_requests(path) if isinstance(item, LineProblem)]


def rows(path: Path) -> list[NumberedRow]:
    return [item for item in read_requests(path) if isinstance(item, NumberedRow)]


def changed(**fields: Any) -> str:
    return json.dumps(GOOD | fields)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (changed(lane="soon"), "lane"),
        (changed(consent={}), "consent.reference"),
        (changed(account={"pan": 9999990000000006}), "account.pan"),
        (changed(account={"sequence_number": 100}), "account.sequence_number"),
        (changed(nickname="Zed"), "the request has an unknown field"),
        (changed(cardholder={"surname": "S", "given_names": "A", "ssn": "1"}), "cardholder has"),
        ("[]", "the request"),
    ],
)
def test_fields_are_named_and_later_lines_still_read(tmp_path: Path, line: str, says: str) -> None:
    path = written(tmp_path, "a.ndjson", f"{json.dumps(GOOD)}\n\n{line}\n{json.dumps(GOOD)}")
    [problem] = problems(path)
    assert (problem.line, problem.code) == (3, "FILE_FIELDS")
    assert says in problem.detail
    assert [row.line for row in rows(path)] == [1, 4]


@pytest.mark.parametrize("line", ["{", "\x00", "nonsense", b"\xff\xfe{}"])
def test_a_line_that_is_no_json(tmp_path: Path, line: str | bytes) -> None:
    [problem] = problems(written(tmp_path, "a.ndjson", line))
    assert str(problem).startswith("line 1: FILE_LINE: ")


def test_an_endless_line_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "a.ndjson", "x" * 300_000 + "\n" + json.dumps(GOOD))
    assert [item.code for item in problems(path)] == ["FILE_LINE_LENGTH"]
    assert [row.line for row in rows(path)] == [2]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", "", "FILE_KIND"),
        ("a.csv", "request_id,9999990000000006\n", "FILE_COLUMNS"),
        ("a.csv", "request_id,request_id\n", "FILE_COLUMNS"),
        ("a.csv", b"request_id\n\xff\n", "FILE_ENCODING"),
        ("a.csv", "x" * 100_000, "FILE_LINE_LENGTH"),
    ],
)
def test_a_file_that_fails_as_a_whole(
    tmp_path: Path, name: str, content: str | bytes, code: str
) -> None:
    with pytest.raises(RequestFileError) as caught:
        list(read_requests(written(tmp_path, name, content)))
    assert caught.value.code == code
    assert "999999" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RequestFileError) as caught:
        list(read_requests(tmp_path / "a.ndjson"))
    assert caught.value.code == "FILE_MISSING"


def test_csv_problems_name_the_column(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.csv",
        "request_id,product,consent_given_at\nid-1,p\nid-2,p,yesterday\n",
    )
    short, fields = problems(path)
    assert str(short) == "line 2: FILE_LINE: 2 cells for 3 columns"
    assert fields.line == 3
    assert "consent_given_at: Value error, write a time" in fields.detail
    assert "consent_reference: Field required" in fields.detail
    assert "yesterday" not in fields.detail


def test_csv_with_a_stray_quote_goes_on(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'request_id\n"a"b\nid-2\n')
    assert [(item.line, item.code) for item in problems(path)] == [
        (2, "FILE_LINE"),
        (3, "FILE_FIELDS"),
    ]


printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@shared_folder
@given(surname=printable, given=printable, department=printable.filter(lambda text: text))
def test_csv_and_ndjson_say_the_same(
    tmp_path: Path, surname: str, given: str, department: str
) -> None:
    cells = {
        "request_id": "AUR-00001-AA",
        "product": "emv-debit",
        "consent_reference": "C-1000",
        "consent_given_at": "now-1d",
        "consent_expires_at": "now+9d",
        "surname": surname,
        "given_names": given,
        "employee_number": "E-1",
        "department": department[:40],
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, list(cells))
    writer.writeheader()
    writer.writerow(cells)
    nested = GOOD | {
        "cardholder": {"surname": surname, "given_names": given},
        "employee": {"number": "E-1", "department": department[:40]},
    }
    [by_csv] = rows(written(tmp_path, "a.csv", text.getvalue()))
    [by_json] = rows(written(tmp_path, "a.ndjson", json.dumps(nested)))
    assert by_csv.row == by_json.row
    assert by_csv.row.sensitive_data("aurora-bank", tmp_path).cardholder.surname == surname


@shared_folder
@given(content=st.binary(max_size=400), suffix=st.sampled_from(["csv", "ndjson"]))
def test_any_octets_come_to_rows_problems_or_a_coded_error(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    header = ",".join(CSV_COLUMNS).encode() + b"\n" if suffix == "csv" else b""
    try:
        items = list(read_requests(written(tmp_path, f"a.{suffix}", header + content)))
    except RequestFileError as error:
        assert error.code == "FILE_ENCODING"  # noqa: PT017  # most inputs raise nothing
    else:
        assert all(isinstance(item, LineProblem | NumberedRow) for item in items)


def test_a_long_file_takes_no_more_memory(tmp_path: Path) -> None:
    line = json.dumps(GOOD) + "\n"
    path = written(tmp_path, "a.ndjson", line * 20_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_requests(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < path.stat().st_size / 4


def test_nothing_personal_prints(tmp_path: Path) -> None:
    line = changed(account={"pan": "9999990000000006"}, employee={"number": "E-1"})
    [row] = rows(written(tmp_path, "a.ndjson", line))
    assert not {"9999990000000006", "Sample", "Ada"} & set(repr(row).replace("'", " ").split())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/requests.*")), ids=str)
def test_examples_read_without_a_problem(path: Path) -> None:
    assert problems(path) == []
    for item in rows(path):
        issuer = path.parent.name
        assert item.row.request(issuer, NOW).request_id
        assert item.row.sensitive_data(issuer, path.parent).cardholder.surname
