from __future__ import annotations

import io
from dataclasses import replace

import zxingcpp
from PIL import Image

from services.logistics.adapters.labels import DPI, SIZE, Label, draw_label

LABEL = Label("106141412345678908", "aurora-bank", "emv-debit", express=False, count=50)


def test_a_scanner_reads_the_code_as_gs1_128() -> None:
    image = Image.open(io.BytesIO(draw_label(LABEL)))
    assert image.size == SIZE
    assert round(image.info["dpi"][0]) == DPI
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.symbology_identifier == "]C1"  # ISO/IEC 15424: Code 128 with FNC1 first
    assert found.bytes == b"00" + LABEL.sscc.encode()


def test_the_same_label_is_the_same_file_and_another_is_not() -> None:
    assert draw_label(LABEL) == draw_label(LABEL)
    assert draw_label(LABEL) != draw_label(replace(LABEL, count=49))
    assert draw_label(LABEL) != draw_label(replace(LABEL, express=True))
    assert draw_label(LABEL) != draw_label(replace(LABEL, test_cards=True))


def test_quiet_zones_are_ten_modules() -> None:
    image = Image.open(io.BytesIO(draw_label(LABEL))).convert("L")
    row = image.crop((0, 500, image.width, 501))
    box = Image.eval(row, lambda level: 255 - level).getbbox()
    assert box is not None
    assert box[0] >= 60
    assert box[2] <= image.width - 60
