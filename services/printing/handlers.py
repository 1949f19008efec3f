"""The print bench: what a card needs before its intent is committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from cardwright.card.events import Disposition, OperationFailed
from cardwright.proto.vault.v1.sections_pb2 import PrintSection
from cardwright.secret import SecretBytes
from cardwright.station.ports import Answer, Device, WorkOrder
from services.printing.catalogue import PrintedProduct
from services.printing.ports import Faces, Renderers, RenderFault, SectionVault, ToRender

__all__ = ["PrintBench", "PrintJob"]

Products = Mapping[tuple[str, int], PrintedProduct]


@dataclass(slots=True)
class PrintJob:
    """What a printer needs of a card: the blank's material and the faces."""

    material: str
    faces: Faces | None

    def take_faces(self) -> Faces:
        """Hand the faces over, once: some 4 MB a card are not kept while the machine prints."""
        taken, self.faces = self.faces, None
        assert taken is not None, "a job is printed once; without faces it would be a blank pass"
        return taken


@dataclass(frozen=True, slots=True)
class PrintBench:
    """Opens the print sections of a batch in one call, and renders them side by side.

    What is wrong with one card refuses that card: nothing was made, a person decides.
    """

    devices: Sequence[Device[PrintJob]]
    vault: SectionVault
    renderers: Renderers
    products: Products

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, PrintJob | Answer]:
        """Return a job, or the refusal, for each order."""
        opened = await self.vault.open("print", [order.card_id for order in orders])
        prepared: dict[str, PrintJob | Answer] = {}
        accepted: list[tuple[WorkOrder, PrintedProduct, ToRender]] = []
        for order in orders:
            product = self.products.get((order.product, order.product_version))
            if product is None:
                prepared[order.order_id] = _unknown_product(order)
            elif order.card_id in opened.damaged:
                prepared[order.order_id] = _refused(order, _DAMAGED)
            else:
                card = _read(opened.cards.get(order.card_id), product)
                if isinstance(card, RenderFault):
                    prepared[order.order_id] = _refused(order, card)
                else:
                    accepted.append((order, product, card))
        faces = await self.renderers.render([card for _, _, card in accepted])
        for (order, product, _), result in zip(accepted, faces, strict=True):
            prepared[order.order_id] = (
                _refused(order, result)
                if isinstance(result, RenderFault)
                else PrintJob(product.material, result)
            )
        return prepared


_MISSING = RenderFault(
    "PRINT_SECTION_MISSING", "The vault holds nothing to print for the card; was it erased?"
)
_DAMAGED = RenderFault(
    "PRINT_SECTION_DAMAGED", "What the vault holds to print was changed; waiving prepares it again"
)
_MALFORMED = RenderFault(
    "PRINT_SECTION_MALFORMED", "What the vault holds to print is no PrintSection"
)
_OTHER_DESIGN = RenderFault(
    "PRINT_DESIGN_MISMATCH", "The card was prepared for another design than its product's"
)


def _read(section: SecretBytes | None, product: PrintedProduct) -> ToRender | RenderFault:
    if section is None:
        return _MISSING
    try:
        content = PrintSection.FromString(section.reveal())
    except DecodeError:
        return _MALFORMED
    if content.design != product.design:
        return _OTHER_DESIGN
    return ToRender(content.design, dict(content.text), content.photo)


def _unknown_product(order: WorkOrder) -> Answer:
    product = f"{order.product}/v{order.product_version}"
    return _refused(
        order, RenderFault("PRODUCT_UNKNOWN", f"This station's catalogue lacks {product}: add it")
    )


def _refused(order: WorkOrder, fault: RenderFault) -> Answer:
    return Answer(order.order_id, OperationFailed(fault.code, fault.detail, Disposition.REFUSED))
