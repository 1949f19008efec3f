from __future__ import annotations

import pytest
from joserfc.jwk import ECKey

from cardwright.issuer.message import Sealer
from tests.unit.issuer.issuer_support import fresh_key


@pytest.fixture(scope="session")
def issuer_key() -> ECKey:
    return fresh_key("aurora-bank/sign#1")


@pytest.fixture(scope="session")
def bureau_key() -> ECKey:
    return fresh_key("bureau/request#1")


@pytest.fixture(scope="session")
def sealer(issuer_key: ECKey, bureau_key: ECKey) -> Sealer:
    return Sealer("aurora-bank", issuer_key, bureau_key)
