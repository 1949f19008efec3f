"""Pages quote commands, targets and files that exist, and their links lead somewhere."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cardwright.cli.main import app
from services.keymanagement.module.console.options import add_console

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "services").rglob("README.md")]
)
_CODE = re.compile(r"^ *```\w*\n(.*?)^ *```|(?<!`)`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^ *(?:\.venv/bin/)?cardwright ([a-z][^\n|]*)", re.MULTILINE)
_TARGET = re.compile(r"(?:^| )make ([a-z]+)", re.MULTILINE)
_MODULE = re.compile(r"python -m ((?:services|cardwright)(?:\.[a-z]+)+)(?![.<\w])")
_LINK = re.compile(r"\]\(([^)#\s]+)(#[a-z0-9-]+)?\)")
_PATH = re.compile(r"`((?:libs|services|protos|catalogue|tests|deploy|examples)/[\w./-]+\w)`")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _code(page: Path) -> str:
    """Return what a page shows as code, without comments: blocks, and spans a line each."""
    found = "\n".join(block or span for block, span in _CODE.findall(page.read_text()))
    return re.sub(r"#.*$", "", found, flags=re.MULTILINE)


def _console_options() -> set[str]:
    """Return the options of everything that can be typed at the security module's console."""
    parser = argparse.ArgumentParser()
    add_console(parser)
    (commands,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    found = {"--test-custodians"}
    for each in commands.choices.values():
        found |= each._option_string_actions.keys()
    return found


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_quoted_command_exists_with_its_options(page: Path) -> None:
    for quoted in _COMMAND.findall(_code(page)):
        command: Any = get_command(app)
        words = shlex.split(quoted)
        while words and hasattr(command, "commands"):
            # `up|down` and `card hold/release` name several: the first stands for them.
            word = words.pop(0).rstrip(",;:.")
            assert word in command.commands, f"cardwright {quoted}"
            command = command.commands[word]
        known = {option for parameter in command.params for option in parameter.opts}
        known |= {"--help"}
        if command.context_settings.get("ignore_unknown_options"):
            known |= _console_options()  # its words are the module's console's
        for word in words:
            assert not word.startswith("--") or word.partition("=")[0] in known, quoted


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_quoted_target_or_module_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = _code(page)
    assert set(_TARGET.findall(code)) <= targets
    for module in _MODULE.findall(code):
        base = (
            ROOT / ("libs" if module.startswith("cardwright") else ".") / module.replace(".", "/")
        )
        assert base.with_suffix(".py").is_file() or (base / "__main__.py").is_file(), module


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_link_leads_to_a_file_and_its_heading(page: Path) -> None:
    for target, anchor in _LINK.findall(page.read_text()):
        if target.startswith("http"):
            continue
        file = (page.parent / target).resolve()
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file), target + anchor


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_quoted_path_exists(page: Path) -> None:
    for path in _PATH.findall(page.read_text()):
        made_up = any(word in path for word in ("laminating", "0002", "v2.yaml", "NNNN"))
        assert made_up or (ROOT / path).exists(), path
