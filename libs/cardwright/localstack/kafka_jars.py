"""The jars of Apache Kafka: copied once from Maven Central by a pinned pom."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from cardwright.localstack.errors import ProcessFailedError, ProgramMissingError

__all__ = ["OLDEST_JAVA", "copy_jars", "default_pom", "java_major", "missing_for_kafka"]

OLDEST_JAVA = 17  # Apache Kafka 4 release notes: brokers need Java 17


def default_pom() -> Path:
    """Return ``deploy/kafka/pom.xml`` of the source tree this module is part of.

    Raises:
        ProgramMissingError: in an installation without the source tree.
    """
    pom = Path(__file__).parents[3] / "deploy" / "kafka" / "pom.xml"
    if not pom.exists():
        raise ProgramMissingError(
            "deploy/kafka/pom.xml is not here: the kafka stack runs from a source tree"
        )
    return pom


def copy_jars(pom: Path, directory: Path) -> None:
    """Fill ``directory`` with the jars that ``pom`` names, unless they are there already.

    A marker holds the pom's SHA-256, so another pom means another copy. The copy is made beside
    the directory and renamed: an interrupted one is never mistaken for a whole one.

    Raises:
        ProgramMissingError: Maven is not installed.
        ProcessFailedError: Maven failed.
    """
    marker = directory / "pom.sha256"
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    if marker.exists() and marker.read_text() == digest:
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise ProgramMissingError("Maven (mvn) is not installed: it fetches Apache Kafka's jars")
    unfinished = directory.with_name(directory.name + ".new")
    for stale in (unfinished, directory):
        shutil.rmtree(stale, ignore_errors=True)
    unfinished.mkdir(parents=True)
    answer = subprocess.run(  # noqa: S603  # Maven and our own pom, no shell
        [
            *(maven, "--quiet", "--batch-mode", "--file", str(pom), "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise ProcessFailedError(f"Maven could not copy Kafka's jars:\n{answer.stdout.strip()}")
    (unfinished / marker.name).write_text(digest)
    unfinished.rename(directory)


def java_major() -> int | None:
    """Return the major version of the ``java`` on PATH, None without one."""
    java = shutil.which("java")
    if java is None:
        return None
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603  # a fixed argument
    version = re.search(r'version "(\d+)', answer.stderr)
    return int(version.group(1)) if version else None


def missing_for_kafka() -> str | None:
    """Say what the kafka stack lacks on this machine; None when it can run."""
    major = java_major()
    if major is None or major < OLDEST_JAVA:
        return f"no Java {OLDEST_JAVA} or later on PATH"
    if shutil.which("mvn") is None:
        return "no Maven (mvn) on PATH"
    return None
