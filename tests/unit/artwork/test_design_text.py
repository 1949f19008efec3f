from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.artwork import FieldError, TextFitError
from cardwright.artwork.fonts import face
from cardwright.artwork.geometry import BLEED_PX, DPI, MM_PER_INCH
from cardwright.artwork.model import TextLayer
from cardwright.artwork.text import line_width, set_line

LATIN = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("ÄÖÜßéèñçŁžĞİøÆ"),
    min_size=1,
    max_size=40,
)


def layer(**options: object) -> TextLayer:
    base = {"kind": "text", "field": "name", "at": [10, 30], "size": 14, "max_width": 60}
    return TextLayer.model_validate(base | options)


@given(LATIN, st.sampled_from(["left", "centre", "right"]), st.sampled_from([0, 40]))
def test_a_line_fits_or_is_refused(text: str, align: str, tracking: int) -> None:
    chosen = layer(align=align, tracking=tracking, min_size=6)
    limit = 60 * DPI / MM_PER_INCH
    try:
        line = set_line(chosen, text)
    except TextFitError:
        smallest = face("sans", 6)
        assert line_width(smallest, text, tracking / 1000 * 6 * DPI / 72) > limit
        return
    assert 6 <= line.points <= 14
    assert line.width <= limit
    anchor = BLEED_PX + 10 * DPI / MM_PER_INCH
    left = anchor - {"left": 0, "centre": limit / 2, "right": limit}[align]
    slack = 0.25 * line.points * DPI / 72  # side bearings reach outside the advance widths
    for placed in line.glyphs:
        assert placed.glyph.mask is not None
        assert placed.x >= left - slack
        assert placed.x + placed.glyph.mask.width <= left + limit + slack


@given(LATIN)
def test_text_that_fits_keeps_its_size(text: str) -> None:
    line = set_line(layer(size=5, min_size=3, max_width=200), text)
    assert line.points == 5


@given(st.integers(min_value=1, max_value=60))
def test_shrinking_never_goes_below_the_minimum(count: int) -> None:
    try:
        line = set_line(layer(min_size=8.1), "M" * count)
    except TextFitError:
        return
    assert line.points >= 8.1


def test_the_minimum_itself_is_tried() -> None:
    width_at_8 = line_width(face("sans", 8), "MMMMMMMMMM", 0) * MM_PER_INCH / DPI
    assert set_line(layer(min_size=8, max_width=width_at_8 + 0.01), "M" * 10).points == 8


def test_without_a_minimum_nothing_shrinks() -> None:
    with pytest.raises(TextFitError) as caught:
        set_line(layer(), "M" * 30)
    assert caught.value.code == "DESIGN_TEXT_FIT"


def test_the_error_names_the_field_and_not_its_value() -> None:
    with pytest.raises(TextFitError) as caught:
        set_line(layer(), "Bartholomew Featherstonehaugh-Cholmondeley")
    assert "'name'" in str(caught.value)
    assert "Bartholomew" not in str(caught.value)


def test_a_character_without_a_glyph_is_refused() -> None:
    with pytest.raises(FieldError) as caught:
        set_line(layer(), "王小明")
    assert caught.value.code == "DESIGN_TEXT_GLYPH"
    assert "王" not in str(caught.value)


@pytest.mark.parametrize("text", ["Łukasz Żak", "Đorđe Šaić", "Ιωάννης", "Ольга Щукина"])
def test_names_of_latin_greek_and_cyrillic_script_are_set(text: str) -> None:
    assert len(set_line(layer(), text).glyphs) == len(text) - text.count(" ")


def test_a_decomposed_letter_is_the_same_as_a_composed_one() -> None:
    assert set_line(layer(), "Jose\u0301") == set_line(layer(), "José")


def test_upper_sets_capitals() -> None:
    assert set_line(layer(upper=True), "Ines") == set_line(layer(), "INES")


def test_a_hair_too_wide_is_too_wide() -> None:
    width_at_8 = line_width(face("sans", 8), "MMMMMMMMMM", 0) * MM_PER_INCH / DPI
    with pytest.raises(TextFitError):
        set_line(layer(size=8, max_width=width_at_8 - 0.01), "M" * 10)
