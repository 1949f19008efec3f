from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.station.messages import decode_order, encode_order, sort_mail
from cardwright.station.ports import WorkOrder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ORDERS = st.builds(
    WorkOrder,
    order_id=TEXT.filter(bool),
    card_id=TEXT,
    operation=st.sampled_from(Operation),
    attempt=st.integers(0, 2**32 - 1),
    issuer=TEXT,
    request_id=TEXT,
    product=TEXT,
    product_version=st.integers(0, 2**32 - 1),
    express=st.booleans(),
    blank_serial=TEXT,
    sscc=TEXT,
    permit=st.binary(max_size=32),
    waived=st.lists(TEXT, max_size=3).map(tuple),
)


def inbound(value: bytes) -> Inbound:
    return Inbound("orders.printing.site-1", 0, 0, None, value)


@given(ORDERS)
def test_an_order_comes_back_as_it_was(order: WorkOrder) -> None:
    assert decode_order(encode_order(order)) == order


@given(ORDERS, ORDERS)
def test_orders_and_cancels_are_told_apart(order: WorkOrder, other: WorkOrder) -> None:
    batch = [encode_order(order), encode_order(other, cancel=True), encode_order(order)]
    mail = sort_mail(map(inbound, batch))
    assert [item.order for item in mail.orders.values()] == [order]
    assert [item.order for item in mail.cancels.values()] == [other]
    assert mail.orders[order.order_id].data == encode_order(order)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_garbage_is_set_apart(values: list[bytes]) -> None:
    mail = sort_mail(map(inbound, values))
    sorted_out = len(mail.unreadable) + len(mail.orders) + len(mail.cancels)
    assert sorted_out <= len(values)
