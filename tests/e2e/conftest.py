"""One line a stack for all tests that leave it as they found it: alive."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.localstack.choose import Stack, detect_test_stacks
from tests.support.line import LineUnderTest, line_under_test

STACKS = (Stack.EMBEDDED, Stack.KAFKA)


@pytest.fixture(scope="session", params=STACKS, ids=str)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each stack that can run here; the run's end tells what could not."""
    wanted: Stack = request.param
    why_not = dict(detect_test_stacks().missing).get(wanted)
    if why_not:
        pytest.skip(f"{wanted}: {why_not}")
    return wanted


def folder_for_a_line() -> Path:
    """Make a folder that a server under another account can enter, which tmp_path is not."""
    folder = Path(tempfile.mkdtemp(prefix="cardwright-e2e-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="module")
def own_folder(stack: Stack) -> Iterator[Path]:
    """A folder for a module's own line, another one for each stack."""
    del stack
    folder = folder_for_a_line()
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def line(stack: Stack) -> AsyncIterator[LineUnderTest]:
    """A line with blanks loaded, whose processes keep their temporary files inside its folder."""
    folder = folder_for_a_line()
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        async with line_under_test(folder, stack) as running:
            await load_blanks(running)
            yield running
    shutil.rmtree(folder)


async def load_blanks(line: LineUnderTest, count: int = 60) -> None:
    """Fill all printers with all they need: an empty one keeps the jobs it has."""
    for device in ("printer-1", "printer-2"):
        for material in ("pvc-dual", "pvc-badge"):
            lot = f"LOT-{material}-{device}"
            await line.load(material=material, count=count, lot=lot, device=device)
    await line.load_forms(2 * count)
