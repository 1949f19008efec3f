from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from cardwright.payment import cvv, decimal, ibm3624, pin, pinblock, pvv


@pytest.mark.parametrize("module", [cvv, decimal, ibm3624, pin, pinblock, pvv])
def test_the_examples_of_the_documentation_hold(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
