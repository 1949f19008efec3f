"""The embedded broker: a small Kafka-protocol server from a wheel, for one machine and trying out.

It keeps its store in one file that it writes every second or so: what it acknowledged in the last
seconds before a kill -9 may be gone. The event log in Postgres loses nothing.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from cardwright.localstack.errors import ProgramMissingError
from cardwright.localstack.kafka_probe import broker_answers
from cardwright.localstack.ports import LOOPBACK
from cardwright.localstack.process import ProcessSpec
from cardwright.localstack.server import LocalServer

__all__ = ["EmbeddedBroker", "find_noida"]


class EmbeddedBroker(LocalServer):
    """noida-db with its Kafka service alone.

    Args:
        data_dir: directory of the broker's store, log and run record.
        port: loopback port of the Kafka protocol.
    """

    name = "broker"

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir, port)
        self._program = find_noida()

    @property
    def bootstrap(self) -> str:
        """The ``bootstrap_servers`` value for clients."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Make the data directory."""
        self.data_dir.mkdir(parents=True, exist_ok=True)

    def process(self) -> ProcessSpec:
        """Return the broker's foreground process, bound to the loopback interface."""
        options = {
            "--only": "kafka",
            "--host": LOOPBACK,
            "--kafka-port": str(self.port),
            "--data-dir": str(self.data_dir / "store"),
        }
        words = (word for option in options.items() for word in option)
        return ProcessSpec(
            name=self.name,
            argv=(str(self._program), "start", *words),
            log=self.log,
            cwd=self.data_dir,
            ready=self.answers,
            stop_within_s=30.0,  # it writes its whole store when asked to stop
            on_parent_death=ProcessSpec.stop_signal,
        )

    async def answers(self) -> bool:
        """Tell whether the broker answers a metadata request."""
        return await broker_answers(self.port)


def find_noida() -> Path:
    """Return the wheel's binary.

    Raises:
        ProgramMissingError: if the wheel is not installed.
    """
    package = find_spec("noida_db")
    if package is None or package.origin is None:
        raise ProgramMissingError("the embedded broker is not installed: pip install noida-db")
    return Path(package.origin).with_name("noida-db")
