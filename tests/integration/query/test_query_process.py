from __future__ import annotations

import asyncio
import os
import sys

from cardwright.audit.rebuild import await_rebuild
from cardwright.localstack.waiting import until
from cardwright.rpc.query_client import QueryClient
from tests.integration.query.query_floor import Floor, watch_until
from tests.unit.audit.signed_logs import shop_floor

ROWS = shop_floor(3).rows


async def test_the_process_serves_rebuilds_when_asked_and_ends_when_told(floor: Floor) -> None:
    environment = os.environ | {
        "PYTHONPATH": "libs:.",
        "CARDWRIGHT_KAFKA": floor.settings.kafka,
        "CARDWRIGHT_DATABASE": floor.dsn,
        "CARDWRIGHT_STATE": str(floor.settings.state),
    }
    program = (sys.executable, "-m", "services.query")
    port_file = floor.settings.state / "query.port"
    service = await asyncio.create_subprocess_exec(*program, env=environment)
    try:

        async def bound() -> bool:
            return port_file.exists() and port_file.read_text().endswith("\n")

        await until(bound, 30, "the service has bound its port")
        await floor.publish(ROWS)
        async with QueryClient(f"127.0.0.1:{port_file.read_text().strip()}") as client:  # tiny
            assert len(await watch_until(client, len(ROWS))) == len(ROWS)
            asking = await asyncio.create_subprocess_exec(*program, "rebuild", env=environment)
            assert await asking.wait() == 0
            async with asyncio.timeout(30):
                await await_rebuild(floor.dsn, 1)
            assert len(await watch_until(client, len(ROWS))) == len(ROWS)
        service.terminate()
        assert await asyncio.wait_for(service.wait(), 20) == 0
        assert not await bound()
    finally:
        if service.returncode is None:
            service.kill()
            await service.wait()
