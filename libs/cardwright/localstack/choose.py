"""Which stack to run on: what the environment names, else what this machine can run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from cardwright.localstack.broker_embedded import find_noida
from cardwright.localstack.errors import LocalStackError, ProgramMissingError
from cardwright.localstack.kafka_jars import missing_for_kafka
from cardwright.localstack.postgres_programs import find_postgres

__all__ = [
    "BadStackError",
    "DetectedStacks",
    "Stack",
    "StackChoice",
    "choose_stack",
    "detect_test_stacks",
    "state_dir",
]

_DOCKER_WITHIN_S = 5.0


class BadStackError(LocalStackError):
    """The environment asks for a stack that does not exist."""

    code = "BAD_STACK"


class Stack(StrEnum):
    """Where the broker and the database come from."""

    EXTERNAL = "external"
    TESTCONTAINERS = "testcontainers"
    KAFKA = "kafka"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class StackChoice:
    """What to run, and what runs already.

    Attributes:
        stack: EXTERNAL when neither broker nor database is ours to start.
        kafka: bootstrap servers that the environment names; None to start a broker.
        postgres: superuser DSN that the environment names; None to start a database.
    """

    stack: Stack
    kafka: str | None = None
    postgres: str | None = None


@dataclass(frozen=True)
class DetectedStacks:
    """The stacks tests can run on here, best first, and why the others can't."""

    available: tuple[Stack, ...]
    missing: tuple[tuple[Stack, str], ...]


def choose_stack(environment: Mapping[str, str] = os.environ) -> StackChoice:
    """Return the stack for a demo or a development run.

    CARDWRIGHT_KAFKA and CARDWRIGHT_POSTGRES name what runs already; CARDWRIGHT_STACK, ``embedded``
    or ``kafka``, says what to start for the rest (default: embedded).

    Raises:
        BadStackError: CARDWRIGHT_STACK is something else.
    """
    kafka = environment.get("CARDWRIGHT_KAFKA") or None
    postgres = environment.get("CARDWRIGHT_POSTGRES") or None
    asked = environment.get("CARDWRIGHT_STACK") or Stack.EMBEDDED
    if asked not in {Stack.EMBEDDED, Stack.KAFKA}:
        raise BadStackError(f"CARDWRIGHT_STACK is {asked!r}: set it to 'embedded' or 'kafka'")
    stack = Stack.EXTERNAL if kafka and postgres else Stack(asked)
    return StackChoice(stack, kafka, postgres)


def detect_test_stacks(environment: Mapping[str, str] = os.environ) -> DetectedStacks:
    """Probe this machine: which stacks can integration tests run on, and why not the others."""
    named = environment.get("CARDWRIGHT_KAFKA") and environment.get("CARDWRIGHT_POSTGRES")
    obstacles = {
        Stack.EXTERNAL: None if named else "CARDWRIGHT_KAFKA and CARDWRIGHT_POSTGRES are not set",
        Stack.TESTCONTAINERS: _missing_for_containers(),
        Stack.KAFKA: _missing_postgres() or missing_for_kafka(),
        Stack.EMBEDDED: _missing_postgres() or _missing_broker(),
    }
    return DetectedStacks(
        available=tuple(stack for stack, why_not in obstacles.items() if why_not is None),
        missing=tuple((stack, why_not) for stack, why_not in obstacles.items() if why_not),
    )


def state_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of everything a local stack keeps: CARDWRIGHT_STATE or .cardwright."""
    return Path(environment.get("CARDWRIGHT_STATE") or ".cardwright").absolute()


def _missing_for_containers() -> str | None:
    docker = shutil.which("docker")
    if docker is None:
        return "no docker on PATH"
    if find_spec("testcontainers") is None:
        return "testcontainers is not installed"
    try:
        answer = subprocess.run(  # noqa: S603  # docker and fixed arguments
            [docker, "info", "--format", "{{.ServerVersion}}"],
            capture_output=True,
            check=False,
            timeout=_DOCKER_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        return f"the Docker daemon did not answer within {_DOCKER_WITHIN_S:g} s"
    return None if answer.returncode == 0 else "the Docker daemon does not answer"


def _missing_postgres() -> str | None:
    try:
        find_postgres()
    except ProgramMissingError as missing:
        return str(missing)
    return None


def _missing_broker() -> str | None:
    try:
        find_noida()
    except ProgramMissingError as missing:
        return str(missing)
    return None
