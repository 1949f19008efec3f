from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.localstack import choose
from cardwright.localstack.choose import (
    BadStackError,
    Stack,
    StackChoice,
    choose_stack,
    detect_test_stacks,
    state_dir,
)

NAMED = {"CARDWRIGHT_KAFKA": "kafka:9092", "CARDWRIGHT_POSTGRES": "postgresql://db/x"}


def put_on_path(monkeypatch: pytest.MonkeyPatch, directory: Path, programs: dict[str, str]) -> None:
    """Leave only these programs, name to shell script, on PATH."""
    for name, script in programs.items():
        program = directory / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


def why_not(stack: Stack) -> str:
    return dict(detect_test_stacks({}).missing)[stack]


@pytest.mark.parametrize(
    ("environment", "choice"),
    [
        ({}, StackChoice(Stack.EMBEDDED)),
        ({"CARDWRIGHT_STACK": "kafka"}, StackChoice(Stack.KAFKA)),
        (NAMED, StackChoice(Stack.EXTERNAL, "kafka:9092", "postgresql://db/x")),
        ({"CARDWRIGHT_KAFKA": "k:1"}, StackChoice(Stack.EMBEDDED, "k:1")),
        ({"CARDWRIGHT_KAFKA": ""}, StackChoice(Stack.EMBEDDED)),
    ],
)
def test_the_environment_decides(environment: dict[str, str], choice: StackChoice) -> None:
    assert choose_stack(environment) == choice


@pytest.mark.parametrize("name", ["rabbit", "external"])
def test_an_unknown_stack_is_refused(name: str) -> None:
    with pytest.raises(BadStackError, match=name):
        choose_stack({"CARDWRIGHT_STACK": name})


def test_every_stack_is_available_or_explained() -> None:
    detected = detect_test_stacks({})
    named = {*detected.available, *(stack for stack, _ in detected.missing)}
    assert named == set(Stack)
    assert Stack.EMBEDDED in detected.available
    assert all(reason for _, reason in detected.missing)


def test_what_the_environment_names_comes_first() -> None:
    assert detect_test_stacks(NAMED).available[0] is Stack.EXTERNAL


def test_an_empty_machine_lacks_docker_java_and_maven(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_on_path(monkeypatch, tmp_path, {})
    assert why_not(Stack.TESTCONTAINERS) == "no docker on PATH"
    assert "Java" in why_not(Stack.KAFKA)


def test_a_docker_without_a_daemon_is_told_apart_from_one_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_on_path(monkeypatch, tmp_path, {"docker": "exit 1"})
    assert "does not answer" in why_not(Stack.TESTCONTAINERS)
    put_on_path(monkeypatch, tmp_path, {"docker": "exit 0"})
    assert detect_test_stacks({}).available[0] is Stack.TESTCONTAINERS


def test_a_docker_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_on_path(monkeypatch, tmp_path, {"docker": "exec /bin/sleep 60"})
    monkeypatch.setattr(choose, "_DOCKER_WITHIN_S", 0.2)
    assert "within 0.2 s" in why_not(Stack.TESTCONTAINERS)


@pytest.mark.parametrize(
    ("version", "enough"), [("11.0.2", False), ("1.8.0_392", False), ("17.0.1", True)]
)
def test_kafka_needs_java_17(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, enough: bool
) -> None:
    java = f"echo 'openjdk version \"{version}\" 2020-01-01' >&2"
    put_on_path(monkeypatch, tmp_path, {"java": java, "mvn": "exit 0"})
    assert (Stack.KAFKA in detect_test_stacks({}).available) is enough


def test_kafka_needs_maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_on_path(monkeypatch, tmp_path, {"java": "echo 'openjdk version \"21\"' >&2"})
    assert "Maven" in why_not(Stack.KAFKA)


def test_the_state_directory_is_absolute() -> None:
    assert state_dir({}) == Path.cwd() / ".cardwright"
    assert state_dir({"CARDWRIGHT_STATE": "/var/lib/x"}) == Path("/var/lib/x")
