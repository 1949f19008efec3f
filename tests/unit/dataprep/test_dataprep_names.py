from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.secret import SecretText
from services.dataprep.domain.faults import AnomalyError, RefusedError
from services.dataprep.domain.names import Names, names_of


def _names(surname: str, given_names: str, *, substitute: bool = False) -> Names:
    return names_of(SecretText(surname), SecretText(given_names), substitute=substitute)


def test_one_name_has_three_forms() -> None:
    names = _names("O\u2019Neill", "Zoë  Ana")
    assert names.face.reveal() == "ZOE ANA O'NEILL"
    assert names.stripe.reveal() == "ONEILL/ZOE ANA"
    assert names.full.reveal() == "Zoë Ana O'Neill"


def test_a_badge_folds_what_its_typeface_may_lack() -> None:
    assert _names("Nguy\u1ec5n", "\uff21nh").full.reveal() == "Anh Nguyen"


@pytest.mark.parametrize(
    ("surname", "given_names", "code"),
    [("Featherstonehaugh", "Bartholomew", "NAME_TOO_LONG"), ("-", "Ana", "NAME_EMPTY")],
)
def test_some_names_are_refused(surname: str, given_names: str, code: str) -> None:
    for substitute in (False, True):
        with pytest.raises(RefusedError) as raised:
            _names(surname, given_names, substitute=substitute)
        assert raised.value.code == code


@pytest.mark.parametrize(
    ("surname", "face"),
    [
        ("Łukasz", "ANA LUKASZ"),
        ("Ærø", "ANA AERO"),
        ("Þór", "ANA THOR"),
        ("Li\u674e", "ANA LI"),
        ("Smith & Sons", "ANA SMITH SONS"),
    ],
)
def test_a_waived_character_becomes_the_closest(surname: str, face: str) -> None:
    with pytest.raises(AnomalyError) as raised:
        _names(surname, "Ana")
    assert raised.value.code == "NAME_CHARACTER"
    assert surname not in str(raised.value)
    assert _names(surname, "Ana", substitute=True).face.reveal() == face


def test_nothing_left_after_substitution_is_refused() -> None:
    with pytest.raises(RefusedError) as raised:
        _names("\u674e", "\u660e", substitute=True)
    assert raised.value.code == "NAME_EMPTY"


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_a_waived_name_is_never_an_anomaly_again(surname: str, given_names: str) -> None:
    try:
        names = _names(surname, given_names, substitute=True)
    except RefusedError:
        return
    assert names.face.reveal().isascii()
    assert names.stripe.reveal().count("/") == 1
    assert all(c <= "\u017f" for c in names.full.reveal())
    assert not any(unicodedata.category(c) == "Cc" for c in names.full.reveal())
