"""One statement of each kind, sealed as an event with a fixed key and fixed times.

Run as a program it adds what ``tests/vectors/events/v1`` lacks; what is there stays for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from nacl.signing import SigningKey

from cardwright.card import Body, Disposition, Fact, Operation, Verb, kind_of
from cardwright.card import events as e
from cardwright.custody.merkle import leaf_hash, paths
from cardwright.custody.statement import batch_payload
from cardwright.eventlog.codec import encode_event, encode_fact
from cardwright.proto.fact.v1 import fact_pb2

FOLDER = Path(__file__).parents[2] / "vectors" / "events" / "v1"
KEY = SigningKey(bytes(range(32)))
CLAIMED = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
RECORDED = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
STREAM = "0198a0de-0000-7000-8000-000000000001"
ATTACHMENT = b"eyJhbGciOiJFQ0RILUVTIn0.e.e.e.e"

BODIES: tuple[tuple[str, Body], ...] = (
    ("request", e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 2, ("age@1", "kyc@3"))),
    ("request", e.RequestRefused("aurora-bank", "r-1", "emv-debit", "PHOTO_MISSING", "add one")),
    (
        "dataprep",
        e.Prepared(
            3,
            (Operation.DERIVE_KEYS, Operation.PRINT, Operation.DISPATCH),
            2,
            "999999******1234",
            ("print", "chip"),
            "pvc-dual",
        ),
    ),
    ("dataprep", e.PreparationRefused("NAME_TOO_LONG", "use a shorter one")),
    ("dataprep", e.ExceptionOpened("NAME_NOT_LATIN", "transliterated")),
    (
        "keymanagement",
        e.KeysDerived(
            (
                e.KeyCheck("MK-AC", "aurora-bank/IMK-AC#1", b"\x01\x02\x03"),
                e.KeyCheck("MK-SMI", "aurora-bank/IMK-SMI#1", b"\xff\x00\x7f"),
            )
        ),
    ),
    ("printing", e.Printed("lot-1-00007", "printer-1", bytes(range(32)))),
    ("encoding", e.Encoded("lot-1-00007", "encoder-1", (1, 2), "47906170")),
    ("qa", e.Inspected("lot-1-00007", passed=False, defects=("SCRATCH",), device="inspector-1")),
    ("logistics", e.Packed("340123450000000017", 4)),
    ("logistics", e.Dispatched("340123450000000017", bytes(reversed(range(32))))),
    ("logistics", e.Destroyed("lot-1-00007", "inspector-1")),
    (
        "printing",
        e.OperationFailed("PRINT_JAM", "jammed", Disposition.SPOILED, "lot-1-00007", "printer-1"),
    ),
    ("printing", e.OperationCancelled()),
    ("operator", e.LotReceived("lot-1", "pvc-dual", 500)),
    ("operator", e.LotIssued("lot-1", "printer-1", 250)),
    ("operator", e.Command(Verb.REVOKE, "CUSTOMER_CANCELLED")),
    ("custody", e.DispatchPermitted("340123450000000017")),
    ("custody", e.Parked(f"{STREAM}.4", "FACT_OTHER_BLANK")),
    # Since 0.2: new kinds, and new fields of old ones.
    ("pinmailer", e.PinMailed("form-00012", "mailer-1")),
    ("retention", e.Erased(("print", "chip_keys"), "retention", bytes(range(32)))),
    (
        "keymanagement",
        e.KeyChanged(
            "aurora-bank/IMK-AC#1",
            "activated",
            "active",
            "imk-ac",
            "TDES-112",
            b"\x01\x02\x03",
            "test",
            "aurora-bank",
            ("custodian-1", "custodian-2"),
            bytes(range(32)),
            17,
            bytes(reversed(range(32))),
        ),
    ),
    (
        "request",
        e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 1, ("age@1",), test_card=True),
    ),
    (
        "dataprep",
        e.Prepared(
            3,
            (Operation.PRINT, Operation.DISPATCH, Operation.MAIL_PIN),
            2,
            keys=(e.KeyCheck("CVK", "aurora-bank/CVK#2", b""),),
        ),
    ),
    (
        "encoding",
        e.Encoded("lot-1-00007", "encoder-1", (1, 2, 3), "47906170", bytes(42), 1, 2),
    ),
    ("qa", e.Inspected("lot-1-00007", passed=True, atc=2, transaction="APPROVED")),
    ("operator", e.Command(Verb.ERASE, "HOLDER_ASKED")),
)


def names() -> Iterator[str]:
    """Yield the name of each statement's files: its kind, numbered where it comes again."""
    seen: Counter[str] = Counter()
    for _, body in BODIES:
        kind = kind_of(body)
        seen[kind] += 1
        yield kind if seen[kind] == 1 else f"{kind}-{seen[kind]}"


def fact_of(actor: str, body: Body) -> Fact:
    order = f"{STREAM}.2" if actor not in {"request", "operator", "custody"} else ""
    return Fact(order or f"{STREAM}.0", STREAM, order, actor, "site-1", body)


def vectors() -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file."""
    for name, (actor, body) in zip(names(), BODIES, strict=True):
        attachment = ATTACHMENT if name == "prepared" else b""
        fact = encode_fact(fact_of(actor, body), CLAIMED, attachment)
        root, inclusion = paths([leaf_hash(fact), leaf_hash(b"another fact of the batch")])
        signed = fact_pb2.SignedFact(
            fact=fact,
            signer=f"sign/{actor}.site-1#1",
            leaf_index=0,
            tree_size=2,
            path=inclusion[0],
            signature=KEY.sign(batch_payload(2, root)).signature,
        ).SerializeToString()
        yield f"{name}.fact.bin", fact
        yield f"{name}.signed.bin", signed
        yield f"{name}.event.bin", encode_event(STREAM, 7, bytes(32), RECORDED, 5, signed)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in vectors():
        if not (FOLDER / name).exists():
            (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
