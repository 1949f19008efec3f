"""docs/asyncapi.yaml says what the code does: topics, lanes, retention, headers, messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from google.protobuf import descriptor_pool

from cardwright.bus import Outbound
from cardwright.bus.message import headers
from cardwright.card import STATION_OF, Body, Card, Fact, Operation, Order
from cardwright.card.events import RequestAccepted, kind_name
from cardwright.eventlog.codec import decode_signed_fact, encode_fact
from cardwright.issuer import message as issuer_message
from cardwright.line.topics import topics_of
from cardwright.localstack.topics import TopicSpec
from cardwright.proto.deadletter.v1 import dead_letter_pb2
from cardwright.proto.fact.v1 import fact_pb2
from cardwright.proto.log.v1 import event_pb2
from cardwright.proto.outcome.v1 import outcome_pb2
from cardwright.proto.request.v1 import request_pb2
from cardwright.proto.work.v1 import work_pb2
from services.custody.adapters.publisher import Publisher
from services.custody.domain.control import Handout

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
CHANNELS: dict[str, Any] = DOCUMENT["channels"]
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
CARD = "0193c000-0000-7000-8000-000000000001"
# Loaded above: what Python does not import, the descriptor pool does not know.
MODULES = (dead_letter_pb2, fact_pb2, event_pb2, outcome_pb2, request_pb2, work_pb2)


def _topics() -> list[TopicSpec]:
    return topics_of(["aurora-bank", "borealis-works"], "site-1", 4)


def _address(channel: dict[str, Any]) -> re.Pattern[str]:
    # No parameter holds a dot, so `orders.qa.site-1.express` is of one channel alone.
    return re.compile(re.sub(r"\\\{\w+\\\}", "[a-z0-9-]+", re.escape(channel["address"])))


def _channel_of(topic: str) -> dict[str, Any]:
    found = [channel for channel in CHANNELS.values() if _address(channel).fullmatch(topic)]
    assert len(found) == 1, f"{topic} is described {len(found)} times"
    return dict(found[0])


def _resolve(reference: str) -> Any:
    here: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        here = here[part]
    return here


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


@pytest.mark.parametrize("spec", _topics(), ids=lambda spec: spec.name)
def test_a_topic_is_described_with_its_retention_and_lane(spec: TopicSpec) -> None:
    kafka = _channel_of(spec.name)["bindings"]["kafka"]
    assert kafka["topicConfiguration"]["retention.ms"] == spec.retention_ms
    assert kafka.get("partitions", 4) == spec.partitions


def test_no_channel_is_of_a_topic_that_does_not_exist() -> None:
    names = [spec.name for spec in _topics()]
    for channel in CHANNELS.values():
        assert any(map(_address(channel).fullmatch, names)), channel["address"]


def test_parameters_are_declared_and_stations_are_the_code_s() -> None:
    for channel in CHANNELS.values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(
            channel.get("parameters", {})
        )
    stations = DOCUMENT["components"]["parameters"]["station"]["enum"]
    assert set(stations) == {*STATION_OF.values(), "request", "retention"}


def test_every_reference_leads_somewhere() -> None:
    for reference in _references(DOCUMENT):
        if reference.startswith("#/"):
            assert _resolve(reference)
        else:
            assert (DOCS / reference).resolve().is_file(), reference


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_type_exists_in_the_proto_it_refers_to(name: str) -> None:
    message = MESSAGES[name]
    found = descriptor_pool.Default().FindMessageTypeByName(message["x-protobuf-message"])
    assert found.name == message["name"]
    path = (DOCS / message["payload"]["schema"]["$ref"]).resolve()
    assert path == ROOT / "protos" / found.file.name


def test_every_channel_has_an_operation_and_a_message() -> None:
    described = {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()}
    assert described == {f"#/channels/{name}" for name in CHANNELS}
    assert all(channel["messages"] for channel in CHANNELS.values())


def test_events_are_of_the_kinds_that_a_fact_can_state() -> None:
    kinds = MESSAGES["event"]["headers"]["properties"]["ce_type"]["enum"]
    assert sorted(kinds) == sorted(f"cardwright.event.{kind_name(b)}" for b in get_args(Body))


def _custodys() -> dict[str, Outbound]:
    """Let custody's publisher make one message of each kind."""
    publisher = Publisher.__new__(Publisher)
    publisher._site, publisher._ratio = "site-1", 1.0
    accepted = RequestAccepted("aurora-bank", "AUR-00001", "emv-debit", 1)
    fact = Fact(f"{CARD}.1", CARD, f"{CARD}.1", "printing", "site-1", accepted)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    signed = fact_pb2.SignedFact(fact=encode_fact(fact, now)).SerializeToString()
    card = Card(CARD, issuer="aurora-bank", request_id="AUR-00001", turn=1)
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    (outcome,) = publisher.outcome(card, 1, now, fact)
    (logged,) = publisher.acknowledgements([decode_signed_fact(signed)])
    return {
        "event": publisher.event(7, CARD, "request_accepted", b"", trace),
        "order": publisher.order(Handout(card, Order(Operation.PREPARE)), b""),
        "outcome": outcome,
        "logged": logged,
    }


@pytest.mark.parametrize("name", ["event", "order", "outcome", "logged"])
def test_custody_sends_what_is_described(name: str) -> None:
    message = _custodys()[name]
    offered = _channel_of(message.topic)["messages"].values()
    assert {"$ref": f"#/components/messages/{name}"} in offered
    _check_headers(name, {key: value.decode() for key, value in message.headers})


def test_a_request_has_the_headers_that_are_described() -> None:
    described = MESSAGES["issuanceRequest"]["headers"]["properties"]
    assert described["ce_type"]["const"] == issuer_message._TYPE


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("fact", "libs/cardwright/station/outbox.py"),
        ("deadLetter", "libs/cardwright/station/deadletters.py"),
    ],
)
def test_a_station_names_the_described_type(name: str, source: str) -> None:
    kind = MESSAGES[name]["headers"]["properties"]["ce_type"]["const"]
    assert f'headers("{kind}"' in (ROOT / source).read_text()
    _check_headers(name, {k: v.decode() for k, v in headers(kind, "printing.site-1", "id")})


def _check_headers(name: str, sent: dict[str, str]) -> None:
    described = MESSAGES[name]["headers"]
    assert set(described["required"]) <= set(sent) <= set(described["properties"])
    for header, value in sent.items():
        schema = described["properties"][header]
        schema = _resolve(schema["$ref"]) if "$ref" in schema else schema
        assert schema.get("const", value) == value
        assert value in schema.get("enum", [value])
        assert re.search(schema.get("pattern", ""), value), header
