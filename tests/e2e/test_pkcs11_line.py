"""A line whose keys lie in PKCS#11 tokens: cards are made, and a module that dies loses nothing."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Collection
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.card import Card, Status
from cardwright.card.events import KeysDerived
from cardwright.localstack.choose import Stack
from tests.chaos.proofs import no_blank_is_unaccounted_for, nothing_was_done_twice
from tests.e2e.conftest import folder_for_a_line, load_blanks
from tests.support import softhsm
from tests.support.line import LineUnderTest, badge_row, debit_row, line_under_test

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CARDS = 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def token_line() -> AsyncIterator[LineUnderTest]:
    """The embedded stack alone: what holds the keys has nothing to do with the broker."""
    if reason := softhsm.missing():
        pytest.skip(reason)
    folder = folder_for_a_line()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARDWRIGHT_HSM_BACKEND", "pkcs11")
        async with line_under_test(folder, Stack.EMBEDDED) as running:
            await load_blanks(running)
            yield running
    shutil.rmtree(folder)


def no_key_outside_tokens(keys: Path) -> None:
    assert (keys / "pkcs11.json").exists()
    assert not (keys / "keystore.json").exists()


def at_least(count: int, cards: Collection[Card]) -> bool:
    return len(cards) >= count


async def test_cards_are_made_while_the_module_dies_in_mid_batch(
    token_line: LineUnderTest,
) -> None:
    line = token_line
    no_key_outside_tokens(line.layout.keys)
    for number in range(3):
        await line.submit(
            {
                "aurora-bank": [debit_row(each, prefix=f"p11-{number}") for each in range(CARDS)],
                "borealis-works": [badge_row(100 + number, prefix="p11")],
            }
        )
        await line.until(partial(at_least, (CARDS + 1) * number + 2), 60, "requests become cards")
        line.kill("hsm")
    cards = await line.until_ended(3 * (CARDS + 1), within=120)
    assert {card.status for card in cards.values()} == {Status.DISPATCHED}
    assert line.line.supervisor.restarts("hsm") >= 3
    nothing_was_done_twice(line)
    await no_blank_is_unaccounted_for(line)


async def test_no_two_cards_share_a_key(token_line: LineUnderTest) -> None:
    """Check values of three octets: that two of some dozens agree by chance is once in 10,000."""
    checks: Counter[tuple[str, bytes]] = Counter()
    for event in await token_line.events():
        if isinstance(event.fact.body, KeysDerived):
            checks.update((key.usage, key.kcv) for key in event.fact.body.keys)
    assert len(checks) > CARDS
    assert len([usage for usage, _ in checks if usage == "ICC-RSA"]) == 3 * CARDS
    assert max(checks.values()) == 1
