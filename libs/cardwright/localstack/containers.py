"""Postgres and Kafka in containers, where Docker answers.

Typed against testcontainers 4.15; no machine with Docker has run this module yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["ContainerStack", "container_stack"]

_POSTGRES_IMAGE = "postgres:16"
_KAFKA_IMAGE = "confluentinc/cp-kafka:8.0.0"  # Apache Kafka 4.0


@dataclass(frozen=True)
class ContainerStack:
    """Addresses of the running containers.

    Attributes:
        kafka: bootstrap servers.
        postgres: superuser DSN; it holds the password.
    """

    kafka: str
    postgres: str


@contextmanager
def container_stack() -> Iterator[ContainerStack]:
    """Run both containers for as long as the ``with`` block lasts."""
    # Imported here: testcontainers is a development dependency and asks Docker when imported.
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415  # see above
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415  # see above

    with (
        PostgresContainer(_POSTGRES_IMAGE, driver=None) as postgres,
        KafkaContainer(_KAFKA_IMAGE).with_kraft() as kafka,
    ):
        yield ContainerStack(kafka.get_bootstrap_server(), postgres.get_connection_url())
