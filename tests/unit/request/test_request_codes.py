from __future__ import annotations

import re
from pathlib import Path

import pytest

CODE = re.compile(r'"((?:REQUEST|ISSUER|ENVELOPE|PRODUCT|CONSENT|PHOTO|PAN|EXPIRY)_[A-Z_]+)"')
DOCUMENT = Path("docs/issuers.md").read_text(encoding="utf-8")
SOURCES = [*Path("services/request").rglob("*.py"), *Path("libs/cardwright/issuer").glob("*.py")]
CODES = sorted({code for path in SOURCES for code in CODE.findall(path.read_text("utf-8"))})


@pytest.mark.parametrize("code", CODES)
def test_issuers_can_look_up_every_code(code: str) -> None:
    assert f"`{code}`" in DOCUMENT


def test_the_search_finds_codes() -> None:
    assert {"REQUEST_GARBAGE", "PAN_LUHN", "ENVELOPE_SIGNATURE"} <= set(CODES)
