from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.driver.apdus import pack_apdus, unpack_apdus
from cardwright.driver.errors import DeviceLostError

APDUS = st.lists(st.binary(max_size=300), max_size=5)


@given(APDUS)
def test_what_is_packed_is_unpacked(apdus: list[bytes]) -> None:
    assert unpack_apdus(pack_apdus(apdus)) == apdus


@given(APDUS.filter(bool), st.integers(1, 3))
def test_a_body_that_was_cut_is_out_of_step(apdus: list[bytes], missing: int) -> None:
    body = pack_apdus([*apdus, b"\x90\x00"])
    with pytest.raises(DeviceLostError) as caught:
        unpack_apdus(body[:-missing])
    assert caught.value.code == "DEVICE_OUT_OF_STEP"
