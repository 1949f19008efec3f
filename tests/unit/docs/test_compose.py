"""docker-compose.yml names what exists: files, modules, services, variables, machines, volumes.

No container is started: there was no Docker engine when this was written.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cardwright.devices.__main__ import _parser as devices_parser
from cardwright.driver import parse_addresses
from cardwright.line.layout import SERVICES, SITE, Layout
from cardwright.line.processes import LineOptions, LineProcesses
from cardwright.settings import Settings
from services.keymanagement.module.__main__ import _parser as module_parser

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, Any] = COMPOSE["services"]
OURS = {name: c for name, c in CONTAINERS.items() if c["image"].startswith("cardwright:")}
DOCKERFILE = (ROOT / "deploy/container/Dockerfile").read_text()


def _load(name: str) -> Any:
    path = ROOT / "deploy" / "container" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"container_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_services_and_machines_of_a_line_are_there(tmp_path: Path) -> None:
    processes = LineProcesses(Layout(tmp_path), "127.0.0.1:9092", LineOptions())
    wanted = {*SERVICES, *(spec.name for spec in processes.equipment())}
    assert set(OURS) == wanted | {"setup", "floor"}


@pytest.mark.parametrize("name", OURS)
def test_a_command_names_what_exists(name: str) -> None:
    command = OURS[name]["command"]
    assert command[0] == "python"
    match command[1:]:
        case ["-m", "cardwright.devices", *arguments]:
            assert devices_parser().parse_args(arguments).serial == name
        case ["-m", "services.keymanagement.module", *arguments]:
            expected = {"hsm": "serve", "keypool": "makers"}[name]
            assert module_parser().parse_args(arguments).command == expected
        case ["-c", code]:
            compile(code, name, "exec")
        case ["deploy/container/serve.py", service]:
            assert service == name
            assert importlib.util.find_spec(f"services.{service}.__main__")
        case [script]:
            assert (ROOT / script).is_file()
        case unknown:
            raise AssertionError(unknown)


@pytest.mark.parametrize("name", OURS)
def test_a_container_is_poor_and_its_settings_are_usable(name: str) -> None:
    container = OURS[name]
    assert container["cap_drop"] == ["ALL"]
    assert "privileged" not in container
    told = {key: str(value) for key, value in container.get("environment", {}).items()}
    known = {f"CARDWRIGHT_{field.upper()}" for field in Settings.model_fields}
    assert set(told) <= known | {"CARDWRIGHT_POSTGRES"}
    assert Settings.from_environment(told).site == SITE


def test_every_station_finds_its_machines_in_the_same_network() -> None:
    stations = {n: c for n, c in OURS.items() if "CARDWRIGHT_DEVICES" in c.get("environment", {})}
    assert set(stations) == {"printing", "encoding", "qa", "logistics", "pinmailer"}
    for container in stations.values():
        for address in parse_addresses(container["environment"]["CARDWRIGHT_DEVICES"]):
            machine = CONTAINERS[address.name]
            command = machine["command"]
            assert command[command.index("--port") + 1] == str(address.port)
            assert container["network_mode"] == machine["network_mode"] == "service:floor"


def test_whom_a_container_waits_for_exists_and_volumes_are_declared() -> None:
    for container in CONTAINERS.values():
        assert set(container.get("depends_on", {})) <= set(CONTAINERS)
        for volume in container.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_a_service_gets_the_dsn_of_its_own_role(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    told = _load("serve").environment("printing", layout)
    settings = Settings.from_environment(told)
    password = layout.password("cw_printing")
    server = f"postgresql://cw_printing:{password}@postgres:5432"
    assert settings.require("database").reveal() == f"{server}/cardwright_printing"
    assert settings.require("vault").reveal() == f"{server}/cardwright_vault"
    assert settings.hsm_token == layout.token_file("printing")


def test_the_image_copies_what_is_there_and_does_not_run_as_root() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources), line
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["cardwright"]
    assert OURS["custody"]["build"]["dockerfile"] == "deploy/container/Dockerfile"
