from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.issuer.instant import Instant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.integers(0, 3000), st.sampled_from("+-"))
def test_relative_times_move_with_now(days: int, sign: str) -> None:
    offset = timedelta(days=days) * (1 if sign == "+" else -1)
    assert Instant.parse(f"now{sign}{days}d").resolve(NOW) == NOW + offset


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9999, 1, 1), timezones=offsets))  # noqa: DTZ001  # bounds
def test_absolute_times_stay(when: datetime) -> None:
    assert Instant.parse(when.isoformat()).resolve(NOW) == when


def test_now_is_now() -> None:
    assert Instant.parse("now").resolve(NOW) == NOW


@pytest.mark.parametrize(
    "text",
    ["", "now+d", "now+1", "now-1w", "2026-03-01T12:00:00", "9999-12-31T23:59:59-12:00"],
)
def test_other_texts_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339") as caught:
        Instant.parse(text)
    assert not text or text not in str(caught.value).replace("now-10d", "").replace("now+720d", "")
