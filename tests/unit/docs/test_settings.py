"""docs/settings.md names every setting there is, with its default, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cardwright.settings import FromEnvironment, Settings
from services.custody.main import Limits
from services.encoding.adapters.settings import EncodingSettings
from services.logistics.adapters.settings import LogisticsSettings
from services.pinmailer.adapters.settings import PinMailerSettings
from services.printing.adapters.settings import PrintingSettings
from services.qa.adapters.settings import InspectionSettings
from services.retention.adapters.settings import RetentionSettings

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "settings.md").read_text()
MODELS: dict[str, type[BaseModel]] = {
    "Every service": Settings,
    "custody": Limits,
    "printing": PrintingSettings,
    "encoding": EncodingSettings,
    "qa": InspectionSettings,
    "logistics": LogisticsSettings,
    "pinmailer": PinMailerSettings,
    "retention": RetentionSettings,
}
_NAME = re.compile(r"CARDWRIGHT_[A-Z0-9]+(?:_[A-Z0-9]+)*")
# Told in words, since the value depends on the machine or on another setting.
_IN_WORDS = {"CARDWRIGHT_RENDER_WORKERS", "CARDWRIGHT_HSM_TOKEN"}


def _section(title: str) -> dict[str, str]:
    """Return the defaults that a section's table tells, by variable."""
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    table = rest.partition("\n## ")[0]
    rows = re.findall(r"^\| `(CARDWRIGHT_\w+)` \| (.*?) ?\|", table, re.MULTILINE)
    assert rows, title
    return dict(rows)


def _own(model: type[BaseModel]) -> dict[str, FieldInfo]:
    shared = set() if model is Settings else set(Settings.model_fields)
    return {name: field for name, field in model.model_fields.items() if name not in shared}


FIELDS = [(title, name) for title, model in MODELS.items() for name in _own(model)]


@pytest.mark.parametrize(("title", "name"), FIELDS)
def test_a_setting_is_documented_with_its_default(title: str, name: str) -> None:
    variable = f"CARDWRIGHT_{name.upper()}"
    told = _section(title)[variable].strip("`")
    default: Any = MODELS[title].model_fields[name].default
    if variable not in _IN_WORDS:
        assert told == ("" if default is None else str(default))


def test_a_section_holds_no_setting_that_its_service_lacks() -> None:
    for title, model in MODELS.items():
        fields = {f"CARDWRIGHT_{name.upper()}" for name in _own(model)}
        assert set(_section(title)) == fields, title


def test_no_model_of_settings_is_forgotten() -> None:
    models = {*FromEnvironment.__subclasses__(), *Settings.__subclasses__()}
    ours = {model for model in models if model.__module__.startswith(("cardwright.", "services."))}
    assert ours == set(MODELS.values())


def test_every_variable_in_the_code_is_documented_and_the_other_way_round() -> None:
    sources = [path for top in ("libs", "services") for path in (ROOT / top).rglob("*.py")]
    named = {name for path in sources for name in _NAME.findall(path.read_text())}
    fields = {
        f"CARDWRIGHT_{name.upper()}" for model in MODELS.values() for name in model.model_fields
    }
    documented = set(_NAME.findall(PAGE))
    assert named <= documented
    assert documented <= named | fields
