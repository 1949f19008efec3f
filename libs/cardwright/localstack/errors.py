"""What can go wrong while a local stack starts or stops, each with a stable code."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

__all__ = [
    "AlreadySupervisedError",
    "DataDirUnreachableError",
    "LocalStackError",
    "NotReadyError",
    "PasswordMissingError",
    "PortInUseError",
    "ProcessFailedError",
    "ProgramMissingError",
    "TopicDiffersError",
    "TopicRefusedError",
    "log_tail",
]


class LocalStackError(Exception):
    """Base of every error of the local stack."""

    code: ClassVar[str] = "LOCAL_STACK"


class ProgramMissingError(LocalStackError):
    """A program or package that this part of the stack is made of is not installed."""

    code = "PROGRAM_MISSING"


class PortInUseError(LocalStackError):
    """Another program already listens on the port."""

    code = "PORT_IN_USE"


class DataDirUnreachableError(LocalStackError):
    """The unprivileged account a server runs as can't enter its data directory."""

    code = "DATA_DIR_UNREACHABLE"


class PasswordMissingError(LocalStackError):
    """A database cluster exists, but the file with its superuser's password does not."""

    code = "PASSWORD_MISSING"


class ProcessFailedError(LocalStackError):
    """A process ended, or a command failed, when it should have worked."""

    code = "PROCESS_FAILED"


class NotReadyError(LocalStackError):
    """A condition did not come true before its deadline."""

    code = "NOT_READY"


class AlreadySupervisedError(LocalStackError):
    """A supervisor was asked to start a second process of the same name."""

    code = "ALREADY_SUPERVISED"


class TopicDiffersError(LocalStackError):
    """A topic exists with another partition count: changing it would re-route keys."""

    code = "TOPIC_DIFFERS"


class TopicRefusedError(LocalStackError):
    """The broker refused to create or alter a topic."""

    code = "TOPIC_REFUSED"


def log_tail(log: Path, lines: int = 12) -> str:
    """Return the last ``lines`` lines of a log, for an error message; empty without a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
