from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv import powers

ODD = st.integers(1, 2**1984).map(lambda number: 2 * number + 1)
SECRET = st.integers(1, 2**992)


@pytest.fixture(scope="module", params=[True, False], ids=["gmp", "python"])
def arithmetic(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The module as it is with and without GMP's binding."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.param:
            patch.setitem(sys.modules, "gmpy2", None)
        yield importlib.reload(powers)
    importlib.reload(powers)


def test_what_is_installed_is_used() -> None:
    assert importlib.reload(powers).IN_SILENCE


@given(base=st.integers(0, 2**2048), exponent=SECRET, modulus=ODD)
def test_powers_are_powers(arithmetic: ModuleType, base: int, exponent: int, modulus: int) -> None:
    assert arithmetic.secret_power(base, exponent, modulus) == pow(base, exponent, modulus)


@given(value=SECRET)
def test_inverses_are_inverses(arithmetic: ModuleType, value: int) -> None:
    prime = 2**1279 - 1
    assert arithmetic.inverse(value, prime) * value % prime == 1


def test_what_has_no_inverse_is_told(arithmetic: ModuleType) -> None:
    with pytest.raises((ZeroDivisionError, ValueError), match="inver"):
        arithmetic.inverse(6, 9)
