from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import Stack, detect_test_stacks
from tests.support.line import LineUnderTest, line_under_test

_OURS = [s for s in detect_test_stacks().available if s in {Stack.EMBEDDED, Stack.KAFKA}]
_BLANKS = 200


@pytest.fixture(scope="module", params=_OURS)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each stack this machine can run; tests/run.py lists the others."""
    return Stack(request.param)


@pytest.fixture(scope="module")
def home(stack: Stack) -> Iterator[Path]:
    """A folder that a database under another account can enter, which tmp_path is not."""
    folder = Path(tempfile.mkdtemp(prefix=f"cardwright-chaos-{stack}-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def options() -> LineOptions:
    """How the line of a module runs; a module may have its own."""
    return LineOptions(settings={"CARDWRIGHT_RENDER": "off"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(home: Path, stack: Stack, options: LineOptions) -> AsyncIterator[LineUnderTest]:
    """A line that a module's tests share, with blanks of both materials in both printers."""
    async with line_under_test(home, stack, options) as running:
        for device in ("printer-1", "printer-2"):
            for material in ("pvc-dual", "pvc-badge"):
                lot = f"{material}-{device}"
                await running.load(material=material, count=_BLANKS, lot=lot, device=device)
        await running.load_forms(2 * _BLANKS)
        yield running
