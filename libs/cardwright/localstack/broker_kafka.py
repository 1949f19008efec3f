"""Apache Kafka in KRaft mode on the JVM: one node that is broker and controller, small heap."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import uuid
from pathlib import Path

from cardwright.localstack.errors import ProcessFailedError, ProgramMissingError
from cardwright.localstack.kafka_jars import copy_jars, default_pom
from cardwright.localstack.kafka_probe import broker_answers
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.localstack.process import ProcessSpec
from cardwright.localstack.server import LocalServer

__all__ = ["KafkaBroker"]

_HEAP = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC")  # one small broker: no parallel collector


class KafkaBroker(LocalServer):
    """Apache Kafka, as pinned by a pom.

    Args:
        data_dir: directory of the broker's log directories, settings, log and run record.
        port: loopback port for clients; the controller takes a free one of its own.
        jars: directory of Kafka's jars, shared by brokers; filled when needed.
        pom: names the jars; None for ``deploy/kafka/pom.xml``.
    """

    name = "kafka"

    def __init__(self, data_dir: Path, port: int, *, jars: Path, pom: Path | None = None) -> None:
        super().__init__(data_dir, port)
        self._jars = jars.absolute()
        self._pom = pom or default_pom()
        self._settings = self.data_dir / "server.properties"
        self._store = self.data_dir / "store"

    @property
    def bootstrap(self) -> str:
        """The ``bootstrap_servers`` value for clients."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Fetch the jars, write the settings, and format the storage, each unless done.

        Raises:
            ProgramMissingError: Java or Maven is not installed.
            ProcessFailedError: Maven or the format failed.
        """
        copy_jars(self._pom, self._jars)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(self._properties())
        if not (self._store / "meta.properties").exists():
            self._format()

    def process(self) -> ProcessSpec:
        """Return the broker's JVM."""
        return ProcessSpec(
            name=self.name,
            argv=self._java("kafka.Kafka", str(self._settings)),
            log=self.log,
            cwd=self.data_dir,
            ready=self.answers,
            ready_within_s=90.0,
            stop_within_s=30.0,
            on_parent_death=ProcessSpec.stop_signal,
        )

    async def answers(self) -> bool:
        """Tell whether the broker answers a metadata request and lists itself."""
        return await broker_answers(self.port)

    def _java(self, main: str, *arguments: str) -> tuple[str, ...]:
        java = shutil.which("java")
        if java is None:
            raise ProgramMissingError("Java is not installed: Apache Kafka needs 17 or later")
        logging = self._pom.with_name("log4j2.properties")
        options = (*_HEAP, f"-Dlog4j2.configurationFile={logging}")
        return (java, *options, "-cp", f"{self._jars}/*", main, *arguments)

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": f"CLIENT://{LOOPBACK}:{self.port},"
            f"CONTROLLER://{LOOPBACK}:{self._controller_port()}",
            "advertised.listeners": f"CLIENT://{LOOPBACK}:{self.port}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "CLIENT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{self._controller_port()}",
            # After a kill -9 the new process waits until the old one's registration has expired.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "log.dirs": self._store,
            "auto.create.topics.enable": "false",  # topics are specified, not met by accident
            "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 4,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,  # the default takes 128 MB of heap
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _controller_port(self) -> int:
        """Return the controller's port, kept since the quorum's storage names it."""
        kept = self.data_dir / "controller.json"
        if not kept.exists():
            kept.write_text(json.dumps({"port": free_port()}))
        port: int = json.loads(kept.read_text())["port"]
        return port

    def _format(self) -> None:
        """Format the log directory as a one-node quorum, under a new cluster id."""
        shutil.rmtree(self._store, ignore_errors=True)
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With "=", since an id may begin with "-".
        identity = f"--cluster-id={cluster_id}"
        arguments = ("format", "--standalone", identity, "-c", str(self._settings))
        answer = subprocess.run(  # noqa: S603  # java and our own arguments, no shell
            self._java("kafka.tools.StorageTool", *arguments),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise ProcessFailedError(f"Kafka's storage was not formatted: {answer.stderr.strip()}")
