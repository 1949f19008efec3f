from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image

from cardwright.card import Operation
from cardwright.card.events import Disposition, OperationFailed
from cardwright.proto.vault.v1.sections_pb2 import InspectionSection
from cardwright.settings import SettingsError
from cardwright.station.ports import Answer
from services.qa.adapters.barcode import read_barcodes
from services.qa.adapters.settings import InspectionSettings
from services.qa.domain import Expected
from services.qa.handlers import InspectBench
from tests.unit.encoding.encoding_kit import MemoryVault, order

GOOD, DAMAGED, MALFORMED, MISSING = (
    order(name, Operation.INSPECT) for name in ("good", "damaged", "malformed", "missing")
)


async def test_a_card_without_expected_values_is_for_a_person() -> None:
    vault = MemoryVault()
    for each in (GOOD, DAMAGED, MALFORMED):
        vault.file(each.card_id, "debit")
    vault.damaged.add(("inspection", DAMAGED.card_id))
    vault.sections["inspection"][MALFORMED.card_id] = b"\xff"
    found = await InspectBench(vault, []).prepare([GOOD, DAMAGED, MALFORMED, MISSING])
    assert isinstance(found[GOOD.order_id], Expected)
    codes = []
    for each in (DAMAGED, MALFORMED, MISSING):
        answer = found[each.order_id]
        assert isinstance(answer, Answer)
        assert isinstance(answer.body, OperationFailed)
        assert answer.body.disposition is Disposition.REFUSED
        codes.append(answer.body.code)
    assert codes == ["SECTION_DAMAGED", "SECTION_MALFORMED", "SECTION_MISSING"]


async def test_keys_that_no_authority_stands_for_are_for_a_person() -> None:
    vault = MemoryVault()
    vault.file(GOOD.card_id, "debit")
    section = InspectionSection.FromString(vault.sections["inspection"][GOOD.card_id])
    section.applications.add(instance_aid=b"AID-1", authentication="CDA")
    vault.sections["inspection"][GOOD.card_id] = section.SerializeToString()
    found = await InspectBench(vault, [], ca_keys=False).prepare([GOOD])
    answer = found[GOOD.order_id]
    assert isinstance(answer, Answer)
    assert isinstance(answer.body, OperationFailed)
    assert (answer.body.code, answer.body.disposition) == ("CAPK_MISSING", Disposition.REFUSED)


def face(text: str, degrees: int = 0) -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    symbol = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    card = Image.new("RGB", (1012, 638), "#EEF2F6")
    card.paste(symbol.convert("RGB"), (700, 380))
    file = io.BytesIO()
    card.rotate(degrees, expand=True).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_a_code_reads_however_the_card_lies(degrees: int) -> None:
    assert read_barcodes(face("card 1", degrees)) == ("card 1",)


@pytest.mark.parametrize("photo", [b"", b"no picture", face("card 1")[:400]])
def test_a_face_that_is_no_picture_has_no_code(photo: bytes) -> None:
    assert read_barcodes(photo) == ()


def test_settings() -> None:
    read = InspectionSettings.from_environment(
        {"CARDWRIGHT_CHIP": "off", "CARDWRIGHT_RENDER": "off", "CARDWRIGHT_SEATS": "2"}
    )
    assert (read.chip, read.render, read.seats) == ("off", "off", 2)
    with pytest.raises(SettingsError, match="CARDWRIGHT_RENDER"):
        InspectionSettings.from_environment({"CARDWRIGHT_RENDER": "no"})
