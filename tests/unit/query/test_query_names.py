from __future__ import annotations

import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.rpc.errors import RpcError
from services.query.adapters.names import (
    parse_name,
    parse_page_token,
    parse_resume_token,
    write_page_token,
)
from services.query.adapters.store import Filters

filters = st.builds(
    Filters, st.sampled_from(["", "aurora-bank"]), st.integers(0, 9), st.sampled_from(["", "badge"])
)


@given(st.uuids(), filters, filters)
def test_a_page_token_is_bound_to_its_filters(last: UUID, mine: Filters, other: Filters) -> None:
    token = write_page_token(mine, str(last))
    assert parse_page_token(token, mine) == last
    if other != mine:
        with pytest.raises(RpcError) as bound:
            parse_page_token(token, other)
        assert bound.value.code == "PAGE_TOKEN_FILTERS"


@given(st.text())
def test_any_text_is_a_token_or_refused(text: str) -> None:
    for parse in (
        lambda: parse_page_token(text, Filters()),
        lambda: parse_resume_token(text, 7),
        lambda: parse_name(text, "card_id"),
    ):
        with contextlib.suppress(RpcError):
            parse()


def test_names() -> None:
    card = "01950000-0000-7000-8000-00000000000a"
    assert parse_name(card, "card_id") == UUID(card)
    assert parse_name("aurora-bank:r-1", "card_id") == ("aurora-bank", "r-1")
    assert parse_resume_token("", 7) == 7
    assert parse_resume_token("0", 7) == 0
    for wrong in ("", ":", "a:", ":b", card.replace("-", ""), f"{{{card}}}"):
        with pytest.raises(RpcError):
            parse_name(wrong, "card_id")
