from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from cardwright.card import Operation
from cardwright.card.events import Disposition, KeyCheck, KeysDerived, OperationFailed
from cardwright.hsm.port import DerivedCardKeys, HsmError, SealedItem, SecurityModule
from cardwright.hsm.port import KeyCheck as ModuleCheck
from cardwright.station.faults import is_passing
from cardwright.station.ports import Transaction, WorkOrder
from services.keymanagement.handlers import DeriveKeysDesk

TX = cast("Transaction", object())


class Vault:
    def __init__(self, recipes: Mapping[str, bytes]) -> None:
        self.sections = {
            "keys": dict(recipes),
            "chip_keys": dict[str, bytes](),
            "certificates": dict[str, bytes](),
        }
        self.calls: list[str] = []

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        self.calls.append(f"get {section}")
        held = self.sections[section]
        # In the database's order, which is not the order of asking.
        return {card_id: held[card_id] for card_id in sorted(held) if card_id in card_ids}

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        self.calls.append(f"put {section}")
        self.sections[section].update(items)


class Module:
    """Derives from recipes that read ``good <card id>``, while there are pairs of keys."""

    def __init__(self, fault: HsmError | None = None, pairs: int = 1000) -> None:
        self.calls = 0
        self.pairs = pairs
        self.asked: list[list[str]] = []
        self._fault = fault

    async def derive_card_keys(
        self, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | HsmError]:
        self.calls += 1
        self.asked.append([item.card_id for item in items])
        if self._fault is not None:
            raise self._fault
        return [self._derive(item) for item in items]

    def _derive(self, item: SealedItem) -> DerivedCardKeys | HsmError:
        name = item.card_id.encode()
        if item.sealed != b"good " + name:
            return HsmError("SEALED_KEY", "changed")
        self.pairs -= 1
        if self.pairs < 0:
            return HsmError("POOL_EMPTY", "wait")
        checks = (ModuleCheck("MK-AC", "bank/IMK-AC#1", name),)
        return DerivedCardKeys(b"keys of " + name, checks, b"certificates of " + name)


def _order(card_id: str) -> WorkOrder:
    return WorkOrder(
        order_id=f"{card_id}.2",
        card_id=card_id,
        operation=Operation.DERIVE_KEYS,
        attempt=1,
        issuer="bank",
        request_id="request-1",
        product="emv-debit",
        product_version=1,
        express=False,
    )


async def test_a_batch_is_one_call_and_each_card_gets_its_own_keys() -> None:
    vault, module = Vault({c: b"good " + c.encode() for c in ("ccc", "aaa", "bbb")}), Module()
    desk = DeriveKeysDesk(vault, cast("SecurityModule", module))
    answers = await desk.handle([_order(c) for c in ("bbb", "ccc", "aaa")], TX)
    assert [answer.order_id for answer in answers] == ["bbb.2", "ccc.2", "aaa.2"]
    assert [answer.body for answer in answers] == [
        KeysDerived((KeyCheck("MK-AC", "bank/IMK-AC#1", c.encode()),))
        for c in ("bbb", "ccc", "aaa")
    ]
    assert vault.sections["chip_keys"] == {
        c: b"keys of " + c.encode() for c in ("aaa", "bbb", "ccc")
    }
    assert (vault.calls, module.calls) == (["get keys", "put chip_keys", "put certificates"], 1)


async def test_what_is_wrong_with_one_card_is_its_answer() -> None:
    vault = Vault({"aaa": b"good aaa", "bad": b"changed"})
    desk = DeriveKeysDesk(vault, cast("SecurityModule", Module()))
    good, bad, missing = await desk.handle([_order(c) for c in ("aaa", "bad", "nil")], TX)
    assert isinstance(good.body, KeysDerived)
    assert isinstance(bad.body, OperationFailed)
    assert isinstance(missing.body, OperationFailed)
    assert bad.body.code == "KEYS_NOT_DERIVED"
    assert "(SEALED_KEY)" in bad.body.detail
    assert missing.body.code == "KEYS_SECTION_MISSING"
    assert bad.body.disposition is missing.body.disposition is Disposition.REFUSED
    assert vault.sections["chip_keys"].keys() == {"aaa"}


async def test_with_nothing_to_derive_from_the_module_is_left_alone() -> None:
    vault, module = Vault({}), Module()
    desk = DeriveKeysDesk(vault, cast("SecurityModule", module))
    await desk.handle([_order("aaa")], TX)
    assert (vault.calls, module.calls) == (["get keys"], 0)


async def test_a_module_that_is_away_is_no_answer() -> None:
    vault = Vault({"aaa": b"good aaa"})
    module = cast("SecurityModule", Module(HsmError("HSM_UNAVAILABLE", "away")))
    with pytest.raises(HsmError):
        await DeriveKeysDesk(vault, module).handle([_order("aaa")], TX)
    assert vault.sections["chip_keys"] == {}


async def test_an_empty_pool_makes_the_batch_wait_and_asks_for_the_rest_alone() -> None:
    cards = ("aaa", "bbb", "ccc")
    vault, module = Vault({c: b"good " + c.encode() for c in cards}), Module(pairs=2)
    desk = DeriveKeysDesk(vault, cast("SecurityModule", module))
    for _ in range(2):
        with pytest.raises(HsmError) as waits:
            await desk.handle([_order(c) for c in cards], TX)
        assert is_passing(waits.value)
    assert vault.sections["chip_keys"] == {}
    module.pairs = 1
    answers = await desk.handle([_order(c) for c in cards], TX)
    assert [type(answer.body) for answer in answers] == [KeysDerived] * 3
    assert module.asked == [["aaa", "bbb", "ccc"], ["ccc"], ["ccc"]]
    assert vault.sections["certificates"] == {c: b"certificates of " + c.encode() for c in cards}
