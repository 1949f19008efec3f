"""Payment cards on software chips, and a security module that answers as their issuer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cardwright.chip.emv.applet import EmvApplet
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from cardwright.hsm.port import Authorization, AuthorizationItem, HsmError
from cardwright.iso import tlv
from cardwright.issuerhost import (
    Answer,
    AuthorizationRequest,
    ChipData,
    PutData,
    Rules,
    Script,
    SoftwareIssuerHost,
    UnblockPin,
)
from cardwright.issuerhost.scripts import ScriptCommand
from cardwright.secret import SecretBytes
from services.qa.domain import Application, Expected, Record
from services.qa.domain.model import PPSE, PSE
from tests.unit.chip.personalizer import EMV_CODE, OK, new_chip, open_session, run, script
from tests.unit.terminal.card_kit import AID
from tests.unit.terminal.chip_kit import (
    ChipCard,
    Order,
    contactless_directory,
    directory,
    issuer_keys,
)
from tests.unit.terminal.rsa_kit import Chain

KEYS = issuer_keys()
CDA = b"\x3d\0"


def chip_memory(order: Order) -> bytes:
    """The memory of a real software chip with that application, personalized over SCP03."""
    chip = new_chip()
    channel = open_session(chip)
    groupings = [
        DataGrouping(
            encode_dgi(name, channel.encrypt_sensitive(value) if secret else value),
            encrypted=secret,
        )
        for name, value in order.groupings().items()
        for secret in (name in EmvApplet.ENCRYPTED,)
    ]
    answers = run(chip, channel, script(EMV_CODE, AID, groupings))
    assert all(answer.endswith(OK) for answer in answers)
    return chip.serialize()


@dataclass
class Module:
    """The verb ``authorize``, by the issuer host of the terminal's tests."""

    fault: HsmError | None = None
    refusal: HsmError | None = None
    items: list[AuthorizationItem] = field(default_factory=list)

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        self.items += items
        if self.fault is not None:
            raise self.fault
        if self.refusal is not None:
            return [self.refusal]
        return [self._answer(item) for item in items]

    def _answer(self, item: AuthorizationItem) -> Authorization | HsmError:
        commands = tuple(map(_command, item.script))
        answer = Answer(item.response_code, scripts=(Script(commands),) if commands else ())
        host = SoftwareIssuerHost(KEYS, Rules(), lambda _: answer)
        kind = {0x9F27: b"\x80"}
        chip = ChipData(item.pan, item.sequence_number, {**item.objects, **kind})
        response = host.authorize(AuthorizationRequest(chip))
        if response.finding != "OK":
            return HsmError("CRYPTOGRAM_WRONG", "the card is not what it says")
        return Authorization(response.issuer_authentication_data, response.scripts)


def _command(octets: bytes) -> ScriptCommand:
    return UnblockPin() if octets[1] == 0x24 else PutData(0x9F14, octets[5:6])


def card(chain: Chain, *, aip: bytes = CDA, **order: Any) -> tuple[ChipCard, Expected]:
    """A personalized chip, and what inspection expects of it."""
    made = Order(KEYS, aip=aip, chain=chain, **order)
    chip = ChipCard([directory(), contactless_directory(), made.personalize()])
    return chip, expected_of(made, Application(PSE, ()), Application(PPSE, ()))


def expected_of(order: Order, *beside: Application) -> Expected:
    """What inspection expects of a chip with that application, and others beside it."""
    groupings, aip = order.groupings(), order.aip
    afl = tlv.find(groupings[0x9104], 0x94) or b""
    payment = Application(
        aid=AID,
        records=(Record(1, 1, SecretBytes(groupings[0x0101])),),
        authentication="CDA" if aip == CDA else "",
        afl=((1, 1, afl[2], 1),),
        aip=aip,
    )
    return Expected(
        barcode="",
        tracks={},
        applications=(payment, *beside),
        imk_ac="issuer/IMK-AC#1",
        imk_smi="issuer/IMK-SMI#1",
        derivation="A",
    )
