from __future__ import annotations

from services.query.handlers import Projector
from services.query.serving import _Patience
from tests.unit.audit.signed_logs import shop_floor
from tests.unit.query.test_query_handlers import InMemory, messages

ROWS = shop_floor(3).rows


async def test_a_gap_that_stays_is_read_again_ever_more_rarely() -> None:
    projector, patience = Projector(InMemory()), _Patience(seconds=10)
    assert not patience.is_over(projector, 0)
    await projector.handle(messages(ROWS[5:]))
    assert not patience.is_over(projector, 5)
    over = [now for now in range(6, 60) if patience.is_over(projector, now)]
    assert over == [10, 30]


async def test_what_is_complete_or_moving_is_not_read_again() -> None:
    projector, patience = Projector(InMemory()), _Patience(seconds=10)
    await projector.handle(messages([*ROWS[:4], *ROWS[5:]]))
    assert not patience.is_over(projector, 0)
    await projector.handle(messages(ROWS[4:5]))
    assert not any(patience.is_over(projector, now) for now in range(1, 100))
