from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from cardwright.artwork import (
    Design,
    FieldError,
    RenderedCard,
    Renderer,
    TextFitError,
    load_design,
)
from cardwright.artwork.__main__ import app
from cardwright.artwork.areas import keep_outs
from cardwright.artwork.geometry import BLEED_PX, SAFE_AREA, Box, to_pixels
from cardwright.artwork.model import ImageLayer, Layer, PhotoLayer, SideName
from cardwright.artwork.preview import preview
from cardwright.secret import SecretBytes, SecretText
from tests.unit.artwork.design_support import CARD_ID, DESIGNS, ROOT, Fields, design_of

FULL_BOX = [SAFE_AREA.x, SAFE_AREA.y, SAFE_AREA.width, SAFE_AREA.height]
QR = {"kind": "qr", "field": "card_id", "box": FULL_BOX}
CODE128 = {"kind": "code128", "field": "card_id", "box": FULL_BOX}


def front(card: RenderedCard) -> Image.Image:
    return Image.frombytes(card.mode, (card.width, card.height), card.front)


def back(card: RenderedCard) -> Image.Image:
    return Image.frombytes(card.mode, (card.width, card.height), card.back)


def resin(card: RenderedCard, octets: bytes) -> Image.Image:
    return Image.frombytes("1", (card.width, card.height), octets)


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    value = image.getpixel(at)
    assert isinstance(value, tuple)
    return value


def colours(image: Image.Image) -> dict[tuple[int, ...], int]:
    """How many pixels have each colour."""
    counted: dict[tuple[int, ...], int] = {}
    for count, colour in image.getcolors() or []:
        assert isinstance(colour, tuple)
        counted[colour] = count
    return counted


def box_of(layer: Layer) -> Box:
    assert isinstance(layer, PhotoLayer | ImageLayer)
    assert layer.box is not None
    return layer.box


def decode(image: Image.Image) -> set[tuple[str, str]]:
    return {(code.text, str(code.format)) for code in zxingcpp.read_barcodes(image)}


def test_the_raster_is_the_trimmed_card_and_its_bleed(
    debit_renderer: Renderer, debit_fields: Fields
) -> None:
    card = debit_renderer.render(debit_fields)
    assert (card.width, card.height) == (1012 + 24, 638 + 24)
    assert len(card.front) == len(card.back) == 1036 * 662 * 3
    assert len(card.front_resin) == len(card.back_resin) == (1036 + 7) // 8 * 662


def test_rendering_is_the_same_in_another_renderer_and_another_process(
    debit: Design, debit_fields: Fields
) -> None:
    renderer = Renderer(debit)
    first = renderer.render(debit_fields)
    assert renderer.render(debit_fields) == first
    assert Renderer(debit).render(debit_fields) == first
    script = (
        "import hashlib\n"
        "from pathlib import Path\n"
        "from cardwright.artwork import load_design, Renderer\n"
        "from cardwright.artwork.__main__ import _read_fields\n"
        f"folder = Path({str(DESIGNS / 'emv-debit')!r})\n"
        "card = Renderer(load_design(folder / 'v1')).render(_read_fields(folder / 'sample.json'))\n"
        "print(hashlib.sha256(card.front + card.back + card.back_resin).hexdigest())\n"
    )
    path = f"{ROOT}:{ROOT / 'libs'}"
    seen = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": path, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    here = hashlib.sha256(first.front + first.back + first.back_resin).hexdigest()
    assert seen.stdout.strip() == here


def test_one_card_leaves_no_trace_in_the_next(
    badge_renderer: Renderer, badge_fields: Fields
) -> None:
    other = badge_fields | {"name": SecretText("Bo"), "card_id": SecretText("x" * 26)}
    first = badge_renderer.render(badge_fields)
    assert badge_renderer.render(other).front != first.front
    assert badge_renderer.render(badge_fields) == first


def test_the_chip_and_the_stripe_stay_unprinted(
    debit: Design, debit_renderer: Renderer, debit_fields: Fields
) -> None:
    card = debit_renderer.render(debit_fields)
    sides: tuple[tuple[SideName, Image.Image], ...] = (
        ("front", front(card)),
        ("back", back(card)),
    )
    for side, image in sides:
        (reserved,) = keep_outs(debit.spec, side).values()
        box = to_pixels(reserved.grown(-0.5))
        part = image.crop((max(box.left, 0), box.top, min(box.right, image.width), box.bottom))
        assert part.getextrema() == ((255, 255),) * 3
        beside = image.getpixel((image.width // 2, to_pixels(reserved).bottom + 8))
        assert beside != (255, 255, 255)


def test_the_bleed_is_printed(debit_renderer: Renderer, debit_fields: Fields) -> None:
    image = front(debit_renderer.render(debit_fields))
    corners = [(0, 0), (1035, 0), (0, 661), (1035, 661)]
    assert all(image.getpixel(corner) != (255, 255, 255) for corner in corners)
    assert pixel(image, (0, 0))[2] < 100


def test_the_debit_cards_code_reads_back(debit_renderer: Renderer, debit_fields: Fields) -> None:
    card = debit_renderer.render(debit_fields)
    assert decode(back(card)) == {(CARD_ID, "QR Code")}
    assert decode(front(card)) == set()


def test_the_badges_codes_read_back(badge_renderer: Renderer, badge_fields: Fields) -> None:
    card = badge_renderer.render(badge_fields)
    assert decode(front(card)) == {(CARD_ID, "QR Code")}
    assert decode(back(card)) == {(CARD_ID, "Code 128")}


@pytest.mark.parametrize("number", range(1, 4))
def test_the_codes_read_back_from_the_trimmed_preview(
    badge: Design, badge_renderer: Renderer, badge_fields: Fields, number: int
) -> None:
    photo = (ROOT / "examples" / "photos" / f"portrait-{number}.jpg").read_bytes()
    card = badge_renderer.render(badge_fields | {"photo": photo})
    seen = preview(badge, card, "front")
    assert seen.size == (1012, 638)
    assert pixel(seen, (0, 0))[3] == 0
    assert decode(seen.convert("RGB")) == {(CARD_ID, "QR Code")}


@settings(deadline=None, max_examples=30)
@given(st.text(st.sampled_from("0123456789ABCDEFabcdef-"), min_size=26, max_size=36))
def test_any_card_id_reads_back_from_both_kinds_of_code(card_id: str) -> None:
    card = Renderer(design_of(QR, back=(CODE128,))).render({"card_id": SecretText(card_id)})
    assert decode(front(card)) == {(card_id, "QR Code")}
    assert decode(back(card)) == {(card_id, "Code 128")}


def test_resin_carries_the_code_and_nothing_else(
    badge: Design, badge_renderer: Renderer, badge_fields: Fields
) -> None:
    card = badge_renderer.render(badge_fields)
    panel = resin(card, card.front_resin)
    dark = panel.convert("L").point(lambda level: 255 - level)
    assert decode(dark) == {(CARD_ID, "QR Code")}
    photo = to_pixels(next(x for x in badge.spec.front if x.kind == "photo").box)
    assert panel.crop(photo).getbbox() is None
    assert panel.getbbox() is not None


def test_resin_text_has_hard_edges() -> None:
    layer = {"kind": "text", "text": "SOLID", "at": [20, 30], "size": 20, "max_width": 40}
    card = Renderer(design_of(layer | {"resin": True})).render({})
    seen = colours(front(card))
    assert seen.keys() == {(0, 0, 0), (255, 255, 255)}
    assert resin(card, card.front_resin).convert("L").histogram()[255] == seen[0, 0, 0]
    soft = Renderer(design_of(layer)).render({})
    assert len(colours(front(soft))) > 2
    assert not any(soft.front_resin)


def test_a_photo_fills_its_box_and_no_more(badge_fields: Fields) -> None:
    layer = {"kind": "photo", "field": "photo", "box": [20, 10, 24, 30]}
    image = front(Renderer(design_of(layer)).render(badge_fields))
    box = to_pixels(box_of(design_of(layer).spec.front[1]))
    assert image.convert("L").point(lambda level: 255 * (level < 255)).getbbox() == box


def test_a_photo_may_come_as_a_secret(badge_renderer: Renderer, badge_fields: Fields) -> None:
    photo = badge_fields["photo"]
    assert isinstance(photo, bytes)
    sealed = badge_fields | {"photo": SecretBytes(photo)}
    assert badge_renderer.render(sealed) == badge_renderer.render(badge_fields)


def test_fixed_artwork_above_a_field_stays_above_it(badge_fields: Fields) -> None:
    photo = {"kind": "photo", "field": "photo", "box": [20, 10, 24, 30]}
    seal = {"kind": "shape", "form": "rectangle", "box": [22, 12, 4, 4], "colour": "#FF0000"}
    image = front(Renderer(design_of(photo, seal)).render(badge_fields))
    assert image.getpixel((BLEED_PX + 284, BLEED_PX + 166)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": b"octets"}, "DESIGN_FIELD_TYPE"),
        ({"photo": SecretText("text")}, "DESIGN_FIELD_TYPE"),
        ({"card_id": SecretText("Ж" * 26)}, "DESIGN_BARCODE_CONTENT"),
        ({"card_id": SecretText("")}, "DESIGN_BARCODE_CONTENT"),
        ({"card_id": SecretText("x" * 60)}, "DESIGN_BARCODE_FIT"),
        ({"card_id": SecretText("x" * 5000)}, "DESIGN_BARCODE_CONTENT"),
    ],
)
def test_a_field_that_cannot_be_set_is_refused(
    badge_renderer: Renderer, badge_fields: Fields, change: Fields, code: str
) -> None:
    with pytest.raises(FieldError) as caught:
        badge_renderer.render(badge_fields | change)
    assert caught.value.code == code
    assert "xxx" not in str(caught.value)


def test_a_missing_field_is_refused(badge_renderer: Renderer, badge_fields: Fields) -> None:
    del badge_fields["name"]
    with pytest.raises(FieldError) as caught:
        badge_renderer.render(badge_fields)
    assert caught.value.code == "DESIGN_FIELD_MISSING"


def test_a_rendered_card_does_not_print_itself(
    debit_renderer: Renderer, debit_fields: Fields
) -> None:
    assert len(repr(debit_renderer.render(debit_fields))) < 80


def test_the_renderer_copes_with_whitespace_in_text(
    debit_renderer: Renderer, debit_fields: Fields
) -> None:
    blank = debit_renderer.render(debit_fields | {"name": SecretText("  ")})
    empty = debit_renderer.render(debit_fields | {"name": SecretText("")})
    assert blank == empty


def test_an_image_of_the_design_is_drawn_in_its_box(tmp_path: Path) -> None:
    Image.new("RGBA", (10, 10), (0, 0, 255, 128)).save(tmp_path / "logo.png")
    (tmp_path / "design.yaml").write_text(
        "name: trial\nversion: 1\n"
        "front: [{kind: image, asset: logo.png, box: [20, 10, 5, 5]}]\n"
        'back: [{kind: solid, colour: "#FFFFFF"}]\n'
    )
    design = load_design(tmp_path)
    image = front(Renderer(design).render({}))
    assert image.convert("L").point(lambda level: 255 * (level < 255)).getbbox() == to_pixels(
        box_of(design.spec.front[0])
    )
    assert image.getpixel((BLEED_PX + 265, BLEED_PX + 147)) == (127, 127, 255)


def test_the_preview_command_writes_both_sides(tmp_path: Path) -> None:
    folder = DESIGNS / "emv-debit"
    arguments = ["preview", str(folder / "v1"), "--fields", str(folder / "sample.json")]
    outcome = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
    assert outcome.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "emv-debit-front.png",
        "emv-debit-back.png",
    }


def test_the_preview_command_tells_what_is_wrong(tmp_path: Path) -> None:
    sample = DESIGNS / "emv-debit" / "sample.json"
    arguments = ["preview", str(tmp_path), "--fields", str(sample), "--out", str(tmp_path)]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 1
    assert "DESIGN_NOT_FOUND" in outcome.output


def test_the_widest_name_of_a_magnetic_track_fits_the_debit_card(
    debit_renderer: Renderer, debit_fields: Fields
) -> None:
    # ISO/IEC 7813:2006, 6: a name on track 1 has 2 to 26 characters.
    debit_renderer.render(debit_fields | {"name": SecretText("W" * 26)})
    with pytest.raises(TextFitError):
        debit_renderer.render(debit_fields | {"name": SecretText("W" * 40)})
