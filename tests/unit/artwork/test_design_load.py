from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cardwright.artwork import Design, DesignAreaError, DesignLoadError, load_design
from cardwright.artwork.areas import check_areas
from cardwright.artwork.geometry import CHIP_CONTACTS, CHIP_KEEP_OUT, to_pixels
from cardwright.artwork.load import folder_digest
from tests.unit.artwork.design_support import DESIGNS, spec_of


def text_at(x: float, y: float, **options: Any) -> dict[str, Any]:
    layer = {"kind": "text", "text": "x", "at": [x, y], "size": 10, "max_width": 10}
    return layer | options


@pytest.mark.parametrize(
    ("name", "version"), [("emv-debit", "v1"), ("employee-badge", "v1"), ("employee-badge", "v2")]
)
def test_shipped_designs_load(name: str, version: str) -> None:
    design = load_design(DESIGNS / name / version)
    assert design.spec.name == name
    assert len(design.digest) == 64


def test_the_fields_of_a_design_are_those_its_layers_name(debit: Design, badge: Design) -> None:
    assert debit.fields == {
        "issuer_name", "pan_groups", "expiry_mmyy", "name", "cvv2", "card_id",
    }  # fmt: skip
    assert badge.fields == {
        "issuer_name", "photo", "name", "department", "employee_no", "card_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    "layer",
    [
        text_at(2.9, 20),
        text_at(73, 20),
        text_at(12, 20, align="right"),
        text_at(7, 20, align="centre"),
        text_at(10, 5),
        text_at(10, 50.6),
        {"kind": "qr", "field": "card_id", "box": [67, 34, 16, 16]},
        {"kind": "photo", "field": "photo", "box": [5, 2.9, 20, 25]},
    ],
)
def test_content_outside_the_safe_area_is_refused(layer: dict[str, Any]) -> None:
    with pytest.raises(DesignAreaError) as caught:
        check_areas(spec_of(layer))
    assert caught.value.code == "DESIGN_SAFE_AREA"


def test_content_that_touches_the_safe_area_from_within_is_accepted() -> None:
    check_areas(spec_of({"kind": "photo", "field": "photo", "box": [3, 3, 20, 25]}))


def test_the_message_tells_layer_and_coordinates() -> None:
    with pytest.raises(DesignAreaError, match=r"front layer 2 \(photo\) \(1\.00, 5\.00\)-"):
        check_areas(spec_of({"kind": "photo", "field": "photo", "box": [1, 5, 20, 25]}))


def test_content_over_the_contacts_is_refused_only_on_a_chip_card() -> None:
    layer = text_at(CHIP_CONTACTS.x, CHIP_CONTACTS.bottom)
    check_areas(spec_of(layer))
    with pytest.raises(DesignAreaError) as caught:
        check_areas(spec_of(layer, chip=True))
    assert caught.value.code == "DESIGN_KEEP_OUT"


def test_content_over_the_stripe_is_refused_only_on_the_back() -> None:
    layer = text_at(30, 12)
    check_areas(spec_of(layer, magnetic_stripe=True))
    with pytest.raises(DesignAreaError) as caught:
        check_areas(spec_of(back=(layer,), magnetic_stripe=True))
    assert caught.value.code == "DESIGN_KEEP_OUT"


def test_the_contact_area_is_that_of_iso_7816_2() -> None:
    # ISO/IEC 7816-2:2007, figure 2: C1 begins at most 10.25 mm from the left and 19.23 mm from
    # the top; C8 ends at least 19.87 mm from the left and 28.55 mm from the top.
    assert (CHIP_CONTACTS.x, CHIP_CONTACTS.y) == (10.25, 19.23)
    assert CHIP_CONTACTS.right == pytest.approx(19.87)
    assert CHIP_CONTACTS.bottom == pytest.approx(28.55)
    assert CHIP_KEEP_OUT.contains(CHIP_CONTACTS)


def test_millimetres_become_pixels_of_the_bleed_raster() -> None:
    box = to_pixels(CHIP_CONTACTS)
    # 10.25 mm at 300 dpi is 121.06 px, and the card begins 12 px into the raster.
    assert box.left == 12 + 121
    assert box.width in (113, 114)  # 9.62 mm is 113.6 px


@pytest.mark.parametrize(
    "layer",
    [
        {"kind": "hologram"},
        {"kind": "solid", "colour": "red"},
        {"kind": "solid", "colour": "#FFFFFF", "opacty": 1},
        text_at(10, 20, resin=True, colour="#FF0000"),
        text_at(10, 20, resin=True, opacity=0.5),
        text_at(10, 20, field="name"),
        text_at(10, 20, min_size=11),
        {"kind": "qr", "field": "card_id", "box": [30, 30, 16, 16], "quiet_zone": 3},
        {"kind": "photo", "field": "photo", "box": [30, 30, 0, 16]},
        {"kind": "shape", "form": "polygon", "colour": "#000000", "points": [[1, 1], [2, 2]]},
        {"kind": "shape", "form": "ellipse", "colour": "#000000"},
        {"kind": "image", "asset": "../secret.png", "box": [30, 30, 5, 5]},
    ],
)
def test_a_layer_that_contradicts_itself_is_refused(layer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec_of(layer)


def test_a_folder_without_a_design_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(DesignLoadError) as caught:
            load_design(folder)
        assert caught.value.code == "DESIGN_NOT_FOUND"


@pytest.mark.parametrize("content", ["front: [", "name: trial\nversion: 1\n", "[]"])
def test_a_design_that_is_no_design_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "design.yaml").write_text(content)
    with pytest.raises(DesignLoadError) as caught:
        load_design(tmp_path)
    assert caught.value.code == "DESIGN_INVALID"


def test_a_missing_or_broken_asset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text(
        "name: trial\nversion: 1\n"
        "front: [{kind: image, asset: logo.png, box: [10, 10, 5, 5]}]\n"
        'back: [{kind: solid, colour: "#FFFFFF"}]\n'
    )
    with pytest.raises(DesignLoadError, match=r"logo\.png is not in"):
        load_design(tmp_path)
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DesignLoadError, match=r"logo\.png is no PNG"):
        load_design(tmp_path)


def test_any_changed_octet_changes_the_digest(tmp_path: Path, debit: Design) -> None:
    folder = tmp_path / "v1"
    shutil.copytree(DESIGNS / "emv-debit" / "v1", folder)
    assert load_design(folder).digest == debit.digest
    (folder / "logo.png").write_bytes(b"\x00")
    assert load_design(folder).digest != debit.digest


def test_the_digest_tells_a_name_from_content() -> None:
    assert folder_digest({"ab": b"c"}) != folder_digest({"a": b"bc"})
