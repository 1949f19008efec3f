"""The processes of a line: the security module, the devices, the services."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardwright.line.databases import database_of, role_of
from cardwright.line.layout import SERVICES, SITE, Layout, repository
from cardwright.localstack.ports import port_answers
from cardwright.localstack.process import ProcessSpec

__all__ = ["LineOptions", "LineProcesses", "make_folders"]

_WITH_TOKEN = frozenset(SERVICES) - {"query"}
_WITH_VAULT = frozenset(
    {"request", "dataprep", "keymanagement", "printing", "encoding", "qa", "pinmailer", "retention"}
)
_DEVICES_OF = {
    "printing": ("printer-1", "printer-2"),
    "encoding": ("encoder-1",),
    "qa": ("inspector-1",),
    "logistics": ("inspector-1",),
    "pinmailer": ("mailer-1",),
}
_DEVICES = ("printer-1", "printer-2", "encoder-1", "inspector-1", "mailer-1")


@dataclass(frozen=True, slots=True)
class LineOptions:
    """What can be chosen about a line.

    Attributes:
        faults: Faults ordered from devices, by device name, as ``jam:every=20``.
        machines: Further arguments of simulated devices, by name, e.g. an encoder's ``--reader``.
        settings: Variables for all services, e.g. ``{"CARDWRIGHT_RENDER": "off"}``.
        card_seconds: Simulated mechanics of a printer, seconds a card.
        keep_images: Whose faces stay in the output tray.
        pin_delay: Seconds from dispatch to PIN mailer; hours where cards are real.
        keep_mailers: What stays of PIN mailers: none, sealed or all.
    """

    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    machines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    card_seconds: float = 0.0
    keep_images: str = "all"
    pin_delay: float = 2.0
    keep_mailers: str = "all"


@dataclass(frozen=True, slots=True)
class LineProcesses:
    """Builds the process specs of one line."""

    layout: Layout
    bootstrap: str
    options: LineOptions

    def equipment(self) -> Iterator[ProcessSpec]:
        """Yield what services need: the security module, its key makers, the devices."""
        yield self.module()
        yield self.key_makers()
        yield from self.devices()

    def module(self) -> ProcessSpec:
        """Return the security module's process."""
        port = self.layout.ports()["hsm"]
        return self._spec(
            "hsm",
            ("services.keymanagement.module", "serve"),
            ("--keys", str(self.layout.keys), "--listen", f"127.0.0.1:{port}"),
            port=port,
        )

    def key_makers(self) -> ProcessSpec:
        """Return what fills the security module's pool of card key pairs, at low priority."""
        return self._spec(
            "keypool",
            ("services.keymanagement.module", "makers"),
            ("--keys", str(self.layout.keys)),
            env={"CARDWRIGHT_STATE": str(self.layout.root), "CARDWRIGHT_SITE": SITE},
        )

    def devices(self) -> Iterator[ProcessSpec]:
        """Yield the device simulators."""
        floor = ("--floor", str(self.layout.floor))
        kmc = ("--kmc-file", str(self.layout.keys / "chip-kmc.hex"))
        of_kind = {
            "printer": (*floor, "--card-seconds", str(self.options.card_seconds)),
            "encoder": (*floor, *kmc),
            "inspector": (*floor, *kmc, "--keep-images", self.options.keep_images),
            "mailer": ("--keep", self.options.keep_mailers),
        }
        for name in _DEVICES:
            kind, port = name.rpartition("-")[0], self.layout.ports()[name]
            arguments = [
                *("--port", str(port), "--serial", name),
                *("--state", str(self.layout.root / "devices" / name)),
                *of_kind[kind],
            ]
            for fault in self.options.faults.get(name, ()):
                arguments += ["--fault", fault]
            arguments += self.options.machines.get(name, ())
            yield self._spec(name, ("cardwright.devices", kind), tuple(arguments), port=port)

    def services(self) -> Iterator[ProcessSpec]:
        """Yield the services, custody first."""
        yield from map(self.service, SERVICES)

    def service(self, name: str) -> ProcessSpec:
        """Return a service's process."""
        return self._spec(name, (f"services.{name}",), (), env=self._environment(name))

    def _environment(self, service: str) -> dict[str, str]:
        ports = self.layout.ports()
        made = {
            "CARDWRIGHT_KAFKA": self.bootstrap,
            "CARDWRIGHT_DATABASE": self._dsn(service, database_of(service)),
            "CARDWRIGHT_HSM": f"127.0.0.1:{ports['hsm']}",
            "CARDWRIGHT_SITE": SITE,
            "CARDWRIGHT_STATE": str(self.layout.root),
            "CARDWRIGHT_CATALOGUE": str(repository() / "catalogue"),
        }
        if service in _WITH_TOKEN:
            made["CARDWRIGHT_HSM_TOKEN"] = str(self.layout.token_file(service))
        if service in _WITH_VAULT:
            made["CARDWRIGHT_VAULT"] = self._dsn(service, database_of("vault"))
            made["CARDWRIGHT_DATAKEYS"] = self._dsn(service, database_of("datakeys"))
        if service == "query":
            made["CARDWRIGHT_LISTEN"] = f"127.0.0.1:{ports['query']}"
        if service == "pinmailer":
            made["CARDWRIGHT_PIN_DELAY"] = str(self.options.pin_delay)
        if service in _DEVICES_OF:
            made["CARDWRIGHT_DEVICES"] = ",".join(
                f"{device}=127.0.0.1:{ports[device]}" for device in _DEVICES_OF[service]
            )
        return {**made, **self.options.settings}

    def _dsn(self, service: str, database: str) -> str:
        role, port = role_of(service), self.layout.ports()["postgres"]
        return f"postgresql://{role}:{self.layout.password(role)}@127.0.0.1:{port}/{database}"

    def _spec(
        self,
        name: str,
        module: tuple[str, ...],
        arguments: tuple[str, ...],
        *,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> ProcessSpec:
        async def answers() -> bool:
            return await port_answers(port) if port else True

        return ProcessSpec(
            name=name,
            argv=(sys.executable, "-m", *module, *arguments),
            log=self.layout.log_file(name),
            env=env or {},
            cwd=repository(),
            ready=answers if port else None,
        )


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


async def make_folders(layout: Layout) -> None:
    """Create the folders that processes expect."""
    for path in (layout.root, layout.floor, layout.output, layout.issuers, layout.root / "devices"):
        await asyncio.to_thread(_folder, path)
