"""Reading what custody sends to a station."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.proto.common.v1 import common_pb2
from cardwright.proto.work.v1 import work_pb2
from cardwright.station.ports import WorkOrder

__all__ = ["Mail", "Received", "decode_order", "encode_order", "sort_mail"]

# A card's id and a turn: an answer to anything else would name no stream, and come back for ever.
_ORDER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Received:
    """An order with the bytes and the trace context it came with."""

    order: WorkOrder
    data: bytes = field(repr=False)
    traceparent: str


@dataclass(slots=True)
class Mail:
    """A batch of station messages, sorted."""

    orders: dict[str, Received] = field(default_factory=dict)
    cancels: dict[str, Received] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)
    unreadable: list[Inbound] = field(default_factory=list)


def sort_mail(batch: Iterable[Inbound]) -> Mail:
    """Decode a batch. What can't be decoded is set apart; a repeated order counts once."""
    mail = Mail()
    for message in batch:
        try:
            said = work_pb2.StationMessage.FromString(message.value)
            kind = said.WhichOneof("body")
            if kind == "logged":
                mail.logged.extend(said.logged.order_ids)
                continue
            order = _order(said.order if kind == "order" else said.cancel.order)
        except (DecodeError, ValueError):
            mail.unreadable.append(message)
            continue
        received = Received(order, message.value, message.headers.get("traceparent", ""))
        (mail.orders if kind == "order" else mail.cancels)[order.order_id] = received
    return mail


def decode_order(data: bytes) -> WorkOrder:
    """Read an order that was stored as it came."""
    return _order(work_pb2.StationMessage.FromString(data).order)


def encode_order(order: WorkOrder, *, cancel: bool = False) -> bytes:
    """Serialize a StationMessage that hands out, or withdraws, ``order``."""
    message = work_pb2.WorkOrder(
        order_id=order.order_id,
        card_id=order.card_id,
        operation=common_pb2.Operation.Name(order.operation.value),
        attempt=order.attempt,
        issuer=order.issuer,
        request_id=order.request_id,
        product=order.product,
        product_version=order.product_version,
        lane=common_pb2.LANE_EXPRESS if order.express else common_pb2.LANE_BATCH,
        blank_serial=order.blank_serial,
        sscc=order.sscc,
        permit=order.permit,
        waived=order.waived,
        test_card=order.test_card,
        cplc=order.cplc,
        atc=order.atc,
    )
    if cancel:
        said = work_pb2.StationMessage(cancel=work_pb2.CancelOrder(order=message))
    else:
        said = work_pb2.StationMessage(order=message)
    return said.SerializeToString()


def _order(message: work_pb2.WorkOrder) -> WorkOrder:
    if not _ORDER_ID.fullmatch(message.order_id) or not message.order_id.startswith(
        f"{message.card_id}."
    ):
        raise ValueError("an order whose id is not its card's")
    return WorkOrder(
        order_id=message.order_id,
        card_id=message.card_id,
        operation=Operation(message.operation),
        attempt=message.attempt,
        issuer=message.issuer,
        request_id=message.request_id,
        product=message.product,
        product_version=message.product_version,
        express=message.lane == common_pb2.LANE_EXPRESS,
        blank_serial=message.blank_serial,
        sscc=message.sscc,
        permit=message.permit,
        waived=tuple(message.waived),
        test_card=message.test_card,
        cplc=message.cplc,
        atc=message.atc,
    )
