from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from cardwright.card.events import Disposition, OperationFailed
from cardwright.proto.vault.v1.sections_pb2 import PrintSection
from cardwright.secret import SecretBytes
from cardwright.station.ports import Answer
from cardwright.vault.vault import Opened, VaultError
from services.printing.handlers import PrintBench, PrintJob
from services.printing.ports import Faces, RenderFault, ToRender
from tests.unit.printing.orders import CARD, PRODUCTS, order

OTHER = CARD[:-2] + "22"
NAME = "Ines Marlowe"


def section(design: str = "emv-debit/v1", name: str = NAME) -> SecretBytes:
    return SecretBytes(PrintSection(design=design, text={"name": name}).SerializeToString())


class FakeVault:
    def __init__(self, held: Mapping[str, SecretBytes], damaged: Sequence[str] = ()) -> None:
        self.held, self.damaged = held, damaged
        self.calls: list[list[str]] = []

    async def open(self, name: str, card_ids: Sequence[str]) -> Opened:
        assert name == "print"
        self.calls.append(list(card_ids))
        damaged = frozenset(card for card in card_ids if card in self.damaged)
        found = self.held.keys() & set(card_ids) - damaged
        return Opened({card: self.held[card] for card in found}, damaged)


class FakeRenderers:
    """Refuses names that begin with ``bad``."""

    async def render(self, cards: Sequence[ToRender]) -> Sequence[Faces | RenderFault]:
        return [
            RenderFault("DESIGN_TEXT_FIT", "too wide")
            if card.text["name"].startswith("bad")
            else Faces(card.text["name"].encode(), 1, 1, 300)
            for card in cards
        ]


def bench(vault: FakeVault) -> PrintBench:
    return PrintBench((), vault, FakeRenderers(), PRODUCTS)


def code_of(answer: PrintJob | Answer) -> str:
    assert isinstance(answer, Answer)
    assert isinstance(answer.body, OperationFailed)
    assert answer.body.disposition is Disposition.REFUSED
    assert answer.body.blank_serial == ""
    assert NAME not in answer.body.detail
    return answer.body.code


async def test_a_batch_is_opened_in_one_call_and_gets_material_and_faces() -> None:
    vault = FakeVault({CARD: section(), OTHER: section(name="Ada")})
    jobs = await bench(vault).prepare([order(), order(OTHER)])
    assert vault.calls == [[CARD, OTHER]]
    assert jobs == {
        f"{CARD}.3": PrintJob("pvc-dual", Faces(NAME.encode(), 1, 1, 300)),
        f"{OTHER}.3": PrintJob("pvc-dual", Faces(b"Ada", 1, 1, 300)),
    }


async def test_one_card_that_cannot_be_rendered_does_not_hold_the_others() -> None:
    vault = FakeVault({CARD: section(name="bad"), OTHER: section()})
    jobs = await bench(vault).prepare([order(), order(OTHER)])
    assert code_of(jobs[f"{CARD}.3"]) == "DESIGN_TEXT_FIT"
    assert isinstance(jobs[f"{OTHER}.3"], PrintJob)


async def test_a_damaged_section_is_set_apart() -> None:
    vault = FakeVault({CARD: section(), OTHER: section()}, damaged=[CARD])
    jobs = await bench(vault).prepare([order(), order(OTHER)])
    assert code_of(jobs[f"{CARD}.3"]) == "PRINT_SECTION_DAMAGED"
    assert isinstance(jobs[f"{OTHER}.3"], PrintJob)
    assert vault.calls == [[CARD, OTHER]]


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ({}, "PRINT_SECTION_MISSING"),
        ({CARD: SecretBytes(b"\xff\xff")}, "PRINT_SECTION_MALFORMED"),
        ({CARD: section("employee-badge/v1")}, "PRINT_DESIGN_MISMATCH"),
    ],
)
async def test_what_cannot_be_read_refuses_the_card(
    held: Mapping[str, SecretBytes], code: str
) -> None:
    jobs = await bench(FakeVault(held)).prepare([order()])
    assert code_of(jobs[f"{CARD}.3"]) == code


async def test_a_product_the_catalogue_lacks_refuses_the_card() -> None:
    jobs = await bench(FakeVault({CARD: section()})).prepare([order(product_version=9)])
    assert code_of(jobs[f"{CARD}.3"]) == "PRODUCT_UNKNOWN"


async def test_another_error_of_the_vault_is_no_cards_fault() -> None:
    class Broken(FakeVault):
        async def open(self, name: str, card_ids: Sequence[str]) -> Opened:
            raise VaultError("SECTION_UNKNOWN", f"{name} {len(card_ids)}")

    with pytest.raises(VaultError):
        await bench(Broken({})).prepare([order()])


def test_no_repr_shows_what_is_printed() -> None:
    shown = repr(ToRender("d", {"name": NAME}, NAME.encode())) + repr(Faces(NAME.encode()))
    assert NAME not in shown
