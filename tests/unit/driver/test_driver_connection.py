from __future__ import annotations

import asyncio

import pytest

from cardwright.driver import (
    DeviceConnection,
    DeviceLostError,
    DeviceRefusedError,
    Reply,
    Request,
    device_away,
)
from cardwright.station.ports import DeviceUnavailableError
from tests.unit.driver.fake_machine import Peer, machine


async def echo(peer: Peer) -> None:
    while True:
        heard = await peer.hear()
        body = heard.pop("body")
        peer.say({"id": heard["id"], "ok": heard}, body)


async def silence(peer: Peer) -> None:
    await peer.reader.read()


async def test_a_request_carries_its_fields_and_body() -> None:
    async with machine(echo) as port, DeviceConnection("127.0.0.1", port) as device:
        reply = await device.ask("PRINT", b"\x00\xff", job_id="a-1", width=3)
    assert {**reply.ok, "id": None} == {"id": None, "command": "PRINT", "job_id": "a-1", "width": 3}
    assert reply.body == b"\x00\xff"


async def test_requests_are_pipelined_and_answers_find_their_askers() -> None:
    async def backwards(peer: Peer) -> None:
        heard = [await peer.hear() for _ in range(3)]
        for one in reversed(heard):
            peer.say({"id": one["id"], "ok": {"n": one["n"]}})
        await peer.reader.read()

    async with machine(backwards) as port, DeviceConnection("127.0.0.1", port) as device:
        replies = await asyncio.gather(*(device.ask("HELLO", n=n) for n in range(3)))
    assert [reply.ok["n"] for reply in replies] == [0, 1, 2]


async def test_a_flight_reports_refusals_in_their_places() -> None:
    async def refuse_the_second(peer: Peer) -> None:
        first, second, third = [await peer.hear() for _ in range(3)]
        peer.say({"id": first["id"], "ok": {}})
        peer.say({"id": second["id"], "error": {"code": "CHIP_MUTE", "message": "no ATR"}})
        peer.say({"id": third["id"], "ok": {}}, b"x")
        await peer.reader.read()

    async with machine(refuse_the_second) as port, DeviceConnection("127.0.0.1", port) as device:
        one, two, three = await device.flight([Request("FEED"), Request("POWER"), Request("EJECT")])
    assert isinstance(one, Reply)
    assert isinstance(two, DeviceRefusedError)
    assert two.code == "CHIP_MUTE"
    assert isinstance(three, Reply)
    assert three.body == b"x"


async def test_a_refusal_is_raised_with_the_machines_code() -> None:
    async def refuse(peer: Peer) -> None:
        heard = await peer.hear()
        peer.say({"id": heard["id"], "error": {"code": "QUEUE_FULL", "message": "wait"}})

    async with machine(refuse) as port, DeviceConnection("127.0.0.1", port) as device:
        with pytest.raises(DeviceRefusedError, match="QUEUE_FULL: wait") as caught:
            await device.ask("PRINT")
    assert caught.value.code == "QUEUE_FULL"


async def test_nobody_listening_is_unreachable() -> None:
    async with machine() as port:
        pass
    with pytest.raises(DeviceLostError) as caught:
        await DeviceConnection("127.0.0.1", port).ask("HELLO")
    assert caught.value.code == "DEVICE_UNREACHABLE"


async def test_a_machine_that_hangs_up_is_lost_and_connected_anew() -> None:
    async def die(peer: Peer) -> None:
        await peer.hear()

    async with machine(die, echo) as port, DeviceConnection("127.0.0.1", port) as device:
        both = await asyncio.gather(
            device.ask("PRINT", job_id="a"), device.ask("PRINT", job_id="b"), return_exceptions=True
        )
        assert [type(one) for one in both] == [DeviceLostError, DeviceLostError]
        assert (await device.ask("JOB", job_id="a")).ok["job_id"] == "a"


async def test_silence_ends_in_a_timeout_for_all_and_a_new_link() -> None:
    async with machine(silence, echo) as port, DeviceConnection("127.0.0.1", port) as device:
        patient = asyncio.create_task(device.ask("JOB"))
        with pytest.raises(DeviceLostError) as caught:
            await device.ask("HELLO", within=0.05)
        assert caught.value.code == "DEVICE_TIMEOUT"
        with pytest.raises(DeviceLostError):
            await patient
        assert (await device.ask("HELLO")).ok["command"] == "HELLO"


async def test_a_cancelled_request_leaves_the_link_in_step() -> None:
    heard_the_first = asyncio.Event()

    async def hold_the_first(peer: Peer) -> None:
        first = await peer.hear()
        heard_the_first.set()
        second = await peer.hear()
        peer.say({"id": first["id"], "ok": {"late": True}})
        peer.say({"id": second["id"], "ok": {"late": False}})
        await peer.reader.read()

    async with machine(hold_the_first) as port, DeviceConnection("127.0.0.1", port) as device:
        given_up = asyncio.create_task(device.ask("JOB"))
        await heard_the_first.wait()
        given_up.cancel()
        assert (await device.ask("HELLO")).ok == {"late": False}
        assert given_up.cancelled()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"not json",
        b"[]",
        {"id": None, "error": {"code": "BAD_HEADER", "message": ""}},
        {"id": [], "ok": {}},
        {"id": 77, "ok": {}},
        {"id": 1},
        {"id": 1, "ok": 5},
    ],
)
async def test_frames_that_make_no_sense_end_the_link(nonsense: object) -> None:
    async def babble(peer: Peer) -> None:
        await peer.hear()
        peer.say(nonsense)
        await peer.reader.read()

    async with machine(babble) as port, DeviceConnection("127.0.0.1", port) as device:
        with pytest.raises(DeviceLostError) as caught:
            await device.ask("HELLO")
    assert caught.value.code == "DEVICE_OUT_OF_STEP"


async def test_closing_ends_what_is_in_flight() -> None:
    arrived = asyncio.Event()

    async def arrive(peer: Peer) -> None:
        await peer.hear()
        arrived.set()
        await peer.reader.read()

    async with machine(arrive) as port:
        device = DeviceConnection("127.0.0.1", port)
        asking = asyncio.create_task(device.ask("JOB"))
        await arrived.wait()
        await device.close()
        with pytest.raises(DeviceLostError, match="DEVICE_LOST"):
            await asking


def test_a_lost_machine_is_unavailable_to_the_runtime() -> None:
    with pytest.raises(DeviceUnavailableError) as caught, device_away("printer-1"):
        raise DeviceLostError("DEVICE_TIMEOUT", "no answer in 3 seconds")
    assert caught.value.code == "DEVICE_TIMEOUT"


def test_no_repr_shows_a_body() -> None:
    assert "4111" not in repr(Request("APDU", {}, b"4111")) + repr(Reply({}, b"4111"))
