"""Topics as specified: created where missing, their settings kept, on either broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from cardwright.localstack.errors import TopicDiffersError, TopicRefusedError
from cardwright.localstack.waiting import until

__all__ = ["FOREVER_MS", "TopicSpec", "ensure_topics"]

FOREVER_MS = -1
_VISIBLE_WITHIN_S = 30.0


@dataclass(frozen=True)
class TopicSpec:
    """What a topic must be.

    Attributes:
        name: topic name.
        partitions: count of partitions; never changed later, since it decides where keys go.
        retention_ms: how long records are kept, milliseconds; FOREVER_MS for always.
        config: further topic settings by their Kafka name.
        replicas: copies; one on a local stack.
    """

    name: str
    partitions: int
    retention_ms: int
    config: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 1

    @property
    def settings(self) -> dict[str, str]:
        """Every topic setting, retention included."""
        return {**self.config, "retention.ms": str(self.retention_ms)}


async def ensure_topics(bootstrap: str, specs: Sequence[TopicSpec]) -> None:
    """Make every topic be as specified; return when each partition has a leader.

    Idempotent, and safe when several programs do it at once.

    Args:
        bootstrap: ``host:port[,host:port...]`` of the brokers.
        specs: the topics; names must differ.

    Raises:
        TopicDiffersError: a topic has another partition count.
        TopicRefusedError: the broker refused a topic or its settings.
        NotReadyError: a topic got no leaders in time.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await _create(admin, specs)
        await until(
            lambda: _all_led(admin, specs), _VISIBLE_WITHIN_S, "every partition has a leader"
        )
        await _keep_settings(admin, specs)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    existing = set(await admin.list_topics())
    missing = [
        NewTopic(spec.name, spec.partitions, spec.replicas, topic_configs=spec.settings)
        for spec in specs
        if spec.name not in existing
    ]
    if not missing:
        return
    answer = await admin.create_topics(missing)
    for name, code, *message in answer.topic_errors:
        if code not in {0, TopicAlreadyExistsError.errno}:
            raise TopicRefusedError(f"topic {name} was not created: {_say(code, message)}")


async def _all_led(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> bool:
    by_name = {found["topic"]: found for found in await admin.describe_topics(_names(specs))}
    for spec in specs:
        found = by_name[spec.name]
        if found["error_code"] or any(part["error_code"] for part in found["partitions"]):
            return False
        if len(found["partitions"]) != spec.partitions:
            raise TopicDiffersError(
                f"topic {spec.name} has {len(found['partitions'])} partitions and"
                f" {spec.partitions} were asked for: make a new topic and move over"
            )
    return True


async def _keep_settings(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    """Alter topics whose settings differ; others are not touched."""
    for spec in specs:
        present = await _settings(admin, spec.name)
        if any(present.get(name) != value for name, value in spec.settings.items()):
            wanted = ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=spec.settings)
            for answer in await admin.alter_configs([wanted]):
                _require_accepted(answer.resources)


async def _settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    _require_accepted(answer.resources)
    *_, entries = answer.resources[0]
    return {name: value for name, value, *_ in entries}


def _require_accepted(resources: Iterable[Sequence[Any]]) -> None:
    for code, message, _, name, *_ in resources:
        if code:
            raise TopicRefusedError(f"topic {name}'s settings: {_say(code, [message])}")


def _names(specs: Sequence[TopicSpec]) -> list[str]:
    return [spec.name for spec in specs]


def _say(code: int, message: Sequence[str | None]) -> str:
    return " ".join([for_code(code).__name__, *filter(None, message)])
