"""The example requests as messages of one run: ids and PAN sequence numbers move on by run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cardwright.issuer.files import LineProblem, read_requests
from cardwright.issuer.malformed import build_malformed, load_malformed
from cardwright.issuer.message import RequestMessage, Sealer
from cardwright.issuer.opaque import holds_pan
from cardwright.issuer.rows import RequestRow

__all__ = ["ExampleRequest", "example_requests"]


class ExampleError(Exception):
    """An example file has a line that can't be sent: mend the file."""

    code = "EXAMPLE_LINE"


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A message to produce, and the product it asks for."""

    issuer: str
    product: str
    message: RequestMessage


def example_requests(
    examples: Path, sealers: dict[str, Sealer], run: int
) -> Iterator[ExampleRequest]:
    """Yield every example request of every issuer, and the malformed ones.

    Args:
        examples: The folder with a folder an issuer, and malformed.yaml.
        sealers: The issuers with their keys, by name.
        run: 1 for the first run. Later runs ask for the same people's next cards: other request
            ids, and the next PAN sequence number where the issuer gives the PAN.
    """
    proper: dict[str, RequestRow] = {}
    folders: dict[str, Path] = {}
    for issuer, sealer in sealers.items():
        for file in sorted((examples / issuer).glob("requests.*")):
            for row in _rows(file):
                own = _of_run(row, run)
                if not holds_pan(row.request_id):
                    proper.setdefault(issuer, own)
                    folders.setdefault(issuer, file.parent)
                yield ExampleRequest(issuer, row.product, _message(sealer, own, file.parent))
    yield from _malformed(examples, sealers, proper, folders, run)


def _rows(file: Path) -> Iterator[RequestRow]:
    for item in read_requests(file):
        if isinstance(item, LineProblem):
            raise ExampleError(f"{file.name}: {item}")
        yield item.row


def _of_run(row: RequestRow, run: int) -> RequestRow:
    if run == 1:
        return row
    changes: dict[str, object] = {}
    if not holds_pan(row.request_id):
        changes["request_id"] = f"{row.request_id}.r{run}"
    if row.account is not None:
        number = (row.account.sequence_number + run - 1) % 100
        changes["account"] = row.account.model_copy(update={"sequence_number": number})
    return row.model_copy(update=changes)


def _message(sealer: Sealer, row: RequestRow, folder: Path) -> RequestMessage:
    # One example is a PAN used as request id: an honest client refuses to send that, the bureau
    # must withstand it all the same.
    return sealer.message(row, folder=folder, now=datetime.now(UTC), screen=False)


def _malformed(
    examples: Path,
    sealers: dict[str, Sealer],
    proper: dict[str, RequestRow],
    folders: dict[str, Path],
    run: int,
) -> Iterator[ExampleRequest]:
    for case in load_malformed(examples / "malformed.yaml"):
        row, sealer = proper[case.issuer], sealers[case.issuer]
        stranger = next(other for name, other in sealers.items() if name != case.issuer)
        own = case.model_copy(update={"request_id": f"{case.request_id}.r{run}"})
        message = build_malformed(
            own,
            row.request(case.issuer, datetime.now(UTC)),
            row.sensitive_data(case.issuer, folders[case.issuer]),
            sealer,
            stranger.signing_key,
        )
        yield ExampleRequest(case.issuer, row.product, message)
