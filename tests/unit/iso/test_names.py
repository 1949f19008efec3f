import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso.errors import CardholderNameError
from cardwright.iso.names import NAME_MAX, embossed_name, stripe_name
from cardwright.secret import SecretText

Make = Callable[[str, str], SecretText]
REFUSALS = {"NAME_EMPTY", "NAME_TOO_LONG", "NAME_CHARACTER"}


def attempt(surname: str, given_names: str) -> str:
    try:
        return stripe_name(surname, given_names).reveal()
    except CardholderNameError as error:
        return error.code


@pytest.mark.parametrize(
    ("surname", "given", "stripe", "face"),
    [
        ("Garcia", "Maria", "GARCIA/MARIA", "MARIA GARCIA"),
        ("Müller", "Jürgen", "MULLER/JURGEN", "JURGEN MULLER"),
        ("Mu\u0308ller", "Ju\u0308rgen", "MULLER/JURGEN", "JURGEN MULLER"),
        ("Strauß", "Zoë", "STRAUSS/ZOE", "ZOE STRAUSS"),
        ("Nguyễn", "Thị Ánh", "NGUYEN/THI ANH", "THI ANH NGUYEN"),
        ("  De   La Cruz ", "Jean-Luc", "DE LA CRUZ/JEAN-LUC", "JEAN-LUC DE LA CRUZ"),
        ("O\u2019Brien", "Seán", "OBRIEN/SEAN", "SEAN O'BRIEN"),
        ("St. John", "J. R.", "ST JOHN/J R", "J. R. ST. JOHN"),
        ("Sukarno", "", "SUKARNO/", "SUKARNO"),
        ("\uff21\uff22", "\u00a0C", "AB/C", "C AB"),
        ("Y\u0131lmaz", "\ufb01n", "YILMAZ/FIN", "FIN YILMAZ"),
    ],
    ids=range(11),
)
def test_folds_what_has_a_faithful_fold(surname: str, given: str, stripe: str, face: str) -> None:
    assert stripe_name(surname, given).reveal() == stripe
    assert embossed_name(surname, given).reveal() == face


@pytest.mark.parametrize("make", [stripe_name, embossed_name])
@pytest.mark.parametrize(
    "surname",
    [
        "Łukasz",
        "Øst",
        "Đuro",
        "Ægir",
        "山田",
        "A\u03b8",
        "Иванов",
        "A/B",
        "A^B",
        "A%",
        "A?",
        "A\tB",
        "A+B",
        "½",
    ],
    ids=lambda s: "-".join(f"{ord(c):x}" for c in s if not "A" <= c <= "z") or "ascii",
)
def test_refuses_what_has_none(make: Make, surname: str) -> None:
    with pytest.raises(CardholderNameError) as caught:
        make(surname, "X")
    assert caught.value.code == "NAME_CHARACTER"
    assert surname not in str(caught.value)


@pytest.mark.parametrize("make", [stripe_name, embossed_name])
@pytest.mark.parametrize("surname", ["", "  ", "-", "\u0301", "'"], ids=range(5))
def test_needs_a_surname(make: Make, surname: str) -> None:
    with pytest.raises(CardholderNameError) as caught:
        make(surname, "MARIA")
    assert caught.value.code == "NAME_EMPTY"


@pytest.mark.parametrize("make", [stripe_name, embossed_name])
def test_holds_26_characters_and_not_27(make: Make) -> None:
    assert len(make("A" * 15, "B" * 10)) == NAME_MAX
    with pytest.raises(CardholderNameError) as caught:
        make("A" * 15, "B" * 11)
    assert caught.value.code == "NAME_TOO_LONG"
    assert "AAA" not in str(caught.value)


@given(st.text(max_size=15), st.text(max_size=12))
def test_gives_a_track_1_name_or_a_coded_refusal(surname: str, given: str) -> None:
    name = attempt(surname, given)
    assert name in REFUSALS or re.fullmatch(r"(?=.{2,26}$)[A-Z0-9 -]+/[A-Z0-9 -]*", name)


@given(st.text("abcdefghijklmnopqrstuvwxyzéàüñçøł", min_size=1, max_size=12))
def test_composed_and_decomposed_spellings_agree(surname: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, surname) for form in ("NFC", "NFD"))
    assert attempt(composed, "") == attempt(decomposed, "")
