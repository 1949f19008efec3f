from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cardwright.access.wiegand import Credential, WiegandFormat
from cardwright.issuer.errors import RegistrationError
from cardwright.issuer.registration import IssuerRegistration, load_registration

RANGE: dict[str, Any] = {"format": "H10301", "facility": 118, "from": 1000, "to": 60000}


def load(folder: Path, credential_range: dict[str, Any]) -> IssuerRegistration:
    path = folder / "works.yaml"
    document = {
        "name": "works",
        "title": "Works",
        "keys": "works.jwks.json",
        "products": ["employee-badge"],
        "credential_range": credential_range,
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_registration(path)


def test_a_range_makes_credentials(tmp_path: Path) -> None:
    known = load(tmp_path, RANGE).credential_range
    assert known is not None
    assert (known.first, known.last) == (1000, 60000)
    assert known.credential(1603) == Credential(WiegandFormat.H10301, 118, 1603)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "H10306"},
        {"facility": 256},
        {"to": 65536},
        {"from": 60001},
        {"from": -1},
        {"format": "H10302"},
        {"first": 1},
    ],
    ids=str,
)
def test_a_range_that_its_format_can_not_hold_is_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(RegistrationError, match="credential_range") as refused:
        load(tmp_path, RANGE | changes)
    assert refused.value.code == "REGISTRATION_FORMAT"
