"""A real chip, personalised over the wire in two round trips, and what a death leaves of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cardwright.globalplatform import commands
from cardwright.globalplatform.scp03 import (
    MAX_PLAIN_DATA,
    InitializeUpdateResponse,
    Scp03Channel,
    SecurityLevel,
    diversify,
    initialize_update,
    wrap_script,
)
from cardwright.globalplatform.store_data import DataGrouping, P1Coding, encode_dgi, store_data
from cardwright.secret import SecretBytes
from tests.integration.devices.device_process import Device, PowerLostError

Start = Callable[..., Device]

KMC = SecretBytes(bytes.fromhex("404142434445464748494a4b4c4d4e4f"))
CHALLENGE = bytes(8)
LEVEL = SecurityLevel.C_MAC_C_ENC
BADGE = b"\xf0BADGE01"


def packed(apdus: list[bytes]) -> bytes:
    return b"".join(len(apdu).to_bytes(2, "big") + apdu for apdu in apdus)


def printed(device: Start) -> None:
    printer = device("printer")
    printer.ask("LOAD", material="pvc", count=1)
    printer.ask("PRINT", job_id="c1", material="pvc")
    assert printer.ask("JOB", job_id="c1", wait=10)["state"] == "done"


def badge_script(encoder: Device) -> bytes:
    """Open a secure channel through the encoder; the rest of the session as one script."""
    encoder.ask("FEED", job_id="e1", card="c1")
    encoder.ask("POWER", job_id="e1")
    encoder.send("APDU", initialize_update(CHALLENGE), job_id="e1")
    response = InitializeUpdateResponse.parse(encoder.receive()[1])
    keys = diversify(KMC, response.diversification_data)
    channel = Scp03Channel.open(keys, CHALLENGE, response, LEVEL)
    groupings = [
        DataGrouping(encode_dgi(0x0C01, b"employee 42")),
        DataGrouping(encode_dgi(0x8001, channel.encrypt_sensitive(bytes(16))), encrypted=True),
    ]
    plain = [
        commands.install_for_install(b"\xf0CWBDG", b"\xf0CWBDG\x01", BADGE),
        commands.install_for_personalization(BADGE),
        *store_data(groupings, max_data=MAX_PLAIN_DATA[LEVEL], coding=P1Coding.GLOBALPLATFORM),
    ]
    return packed([channel.external_authenticate(), *wrap_script(channel, plain)])


def test_a_personalised_chip_answers_the_inspector(device: Start) -> None:
    printed(device)
    encoder, inspector = device("encoder"), device("inspector")
    script = badge_script(encoder)
    assert encoder.ask("APDUS", script, job_id="e1")["complete"] is True
    assert encoder.ask("EJECT", job_id="e1", result="good")["personalised"] is True
    inspector.ask("POWER", card="c1")
    assert inspector.ask("APDU", commands.select(BADGE), card="c1")["sw"] == "9000"
    assert [row["result"] for row in encoder.acts("chip_session")] == ["personalised"]


@pytest.mark.parametrize("moment", ["in the script", "after the script"])
def test_a_death_in_the_head_leaves_a_clearly_interrupted_card(device: Start, moment: str) -> None:
    printed(device)
    encoder = device("encoder")
    script = badge_script(encoder)
    if moment == "after the script":
        assert encoder.ask("APDUS", script, job_id="e1")["complete"] is True
        encoder.kill()
    else:
        encoder.send("APDUS", script, job_id="e1")
        encoder.kill()
        with pytest.raises((PowerLostError, OSError)):
            encoder.ask("EJECT", job_id="e1", result="good")
    encoder.start()
    assert encoder.ask("FEED", job_id="e1", card="c1")["state"] == "interrupted"
    assert [row["result"] for row in encoder.acts("feed")] == ["interrupted"]
    chips = [row["result"] for row in encoder.acts("chip_session")]
    assert chips == ["interrupted"] or (moment == "in the script" and chips == [])
