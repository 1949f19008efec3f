from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from cardwright.bus.producer import _partition


@given(st.text(), st.integers(1, 64))
def test_a_key_goes_where_every_other_client_would_send_it(key: str, count: int) -> None:
    numbers = list(range(count))
    assert _partition(key, count) == DefaultPartitioner()(key.encode(), numbers, numbers)
