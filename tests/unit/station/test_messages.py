from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.station.messages import decode_order, encode_order, sort_mail
from cardwright.station.ports import WorkOrder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ORDERS = st.builds(
    lambda card, turn, **fields: WorkOrder(f"{card}.{turn}", str(card), **fields),
    st.uuids(),
    st.integers(0, 10**9 - 1),
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
    test_card=st.booleans(),
    cplc=st.binary(max_size=42),
    atc=st.integers(0, 2**16 - 1),
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


@given(ORDERS, TEXT)
def test_an_order_of_another_card_than_its_id_says_is_set_apart(order: WorkOrder, id_: str) -> None:
    astray = [replace(order, order_id=id_), replace(order, card_id=id_)]
    mail = sort_mail(inbound(encode_order(each)) for each in astray)
    assert len(mail.unreadable) == 2


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_garbage_is_set_apart(values: list[bytes]) -> None:
    mail = sort_mail(map(inbound, values))
    sorted_out = len(mail.unreadable) + len(mail.orders) + len(mail.cancels)
    assert sorted_out <= len(values)
