from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.artwork import Renderer
from cardwright.localstack.waiting import until
from services.printing.adapters.rendering import BlankPass, RenderPool
from services.printing.ports import Faces, RenderFault, ToRender
from tests.unit.artwork.design_support import CARD_ID, PHOTOS, ROOT, Fields

DEBIT = ToRender(
    "emv-debit/v1",
    {
        "issuer_name": "Aldermoor Bank",
        "pan_groups": "9999 0012 3456 7891",
        "expiry_mmyy": "09/30",
        "name": "Ines Marlowe",
        "cvv2": "738",
        "card_id": CARD_ID,
    },
)
BADGE_TEXT = {
    "issuer_name": "Aldermoor Works",
    "name": "Ines Marlowe",
    "department": "Hydraulics",
    "employee_no": "A-004217",
    "card_id": CARD_ID,
}
BADGE = ToRender("employee-badge/v1", BADGE_TEXT, (PHOTOS / "portrait-1.jpg").read_bytes())


@pytest.fixture(scope="module")
def pool() -> Iterator[RenderPool]:
    one = RenderPool(ROOT / "catalogue", 1)
    yield one
    one.close()


async def test_workers_render_what_the_renderer_does_without_the_bleed(
    pool: RenderPool, debit_renderer: Renderer, debit_fields: Fields
) -> None:
    (faces,) = await pool.render([DEBIT])
    assert isinstance(faces, Faces)
    assert (faces.width, faces.height, faces.dpi) == (1012, 638, 300)
    card = debit_renderer.render(debit_fields)
    rows = [
        card.front[3 * (y * card.width + 12) : 3 * (y * card.width + 12 + 1012)]
        for y in range(12, 12 + 638)
    ]
    assert faces.raster[: len(faces.raster) // 2] == b"".join(rows)


async def test_faults_stand_in_their_cards_places(pool: RenderPool) -> None:
    no_photo = ToRender("employee-badge/v1", BADGE_TEXT, b"not a photo")
    too_wide = ToRender("emv-debit/v1", {**DEBIT.text, "name": "W" * 90})
    unknown = ToRender("no-such/v1", {})
    results = await pool.render([no_photo, BADGE, too_wide, unknown])
    codes = [one.code if isinstance(one, RenderFault) else "ok" for one in results]
    assert codes == ["PHOTO_NOT_AN_IMAGE", "ok", "DESIGN_TEXT_FIT", "DESIGN_NOT_FOUND"]
    shown = " ".join(one.detail for one in results if isinstance(one, RenderFault))
    assert "WWW" not in shown


async def test_a_killed_worker_is_replaced_and_its_cards_are_rendered(pool: RenderPool) -> None:
    worker = await asyncio.wrap_future(pool._pool.submit(os.getpid))
    os.kill(worker, signal.SIGKILL)
    first, second = await pool.render([DEBIT, BADGE])
    assert isinstance(first, Faces)
    assert isinstance(second, Faces)


async def test_a_card_that_kills_its_worker_fails_alone() -> None:
    class Poisoned(RenderPool):
        def _submit(self, card: ToRender) -> asyncio.Future[Faces | RenderFault]:
            if card.design != "poison":
                return super()._submit(card)
            return asyncio.wrap_future(self._pool.submit(os._exit, 9))

    pool = Poisoned(ROOT / "catalogue", 1)
    try:
        results = await pool.render([DEBIT, ToRender("poison", {}), BADGE])
    finally:
        pool.close()
    kinds = [one.code if isinstance(one, RenderFault) else "ok" for one in results]
    assert kinds == ["ok", "RENDER_CRASHED", "ok"]


async def test_a_blank_pass_is_empty() -> None:
    assert await BlankPass().render([DEBIT]) == [Faces()]


def test_workers_end_with_a_service_that_is_killed() -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from services.printing.adapters.rendering import RenderPool\n"
        "if __name__ == '__main__':\n"
        f"    pool = RenderPool(Path({str(ROOT / 'catalogue')!r}), 1)\n"
        "    print(pool._pool.submit(os.getpid).result(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    service = subprocess.Popen(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with service:
        assert service.stdout is not None
        worker = int(service.stdout.readline())
        service.kill()

    async def gone() -> bool:
        return ended(worker)

    asyncio.run(until(gone, 20, "the worker has ended"))


def ended(process: int) -> bool:
    """A zombie has ended: it awaits only that somebody collects it."""
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"
