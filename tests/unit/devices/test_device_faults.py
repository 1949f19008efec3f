import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan, Rule, parse_rule


def strikes(plan: FaultPlan, cards: int) -> list[int]:
    return [card for card in range(1, cards + 1) if plan.draw()]


def test_every_nth_card() -> None:
    plan = FaultPlan(["jam"])
    plan.set("jam", Rule(every=3))
    assert strikes(plan, 10) == [3, 6, 9]


def test_the_next_n_cards_and_then_no_more() -> None:
    plan = FaultPlan(["jam"])
    plan.set("jam", Rule(next=2))
    assert strikes(plan, 10) == [1, 2]


@given(st.integers())
def test_chances_repeat_with_their_seed_whatever_else_is_switched_on(seed: int) -> None:
    alone, beside = FaultPlan(["jam", "smudge"], seed), FaultPlan(["jam", "smudge"], seed)
    for plan in (alone, beside):
        plan.set("jam", Rule(chance=0.5))
    beside.set("smudge", Rule(chance=0.5))
    assert [("jam" in alone.draw()) for _ in range(50)] == [
        ("jam" in beside.draw()) for _ in range(50)
    ]


def test_a_chance_is_about_its_share() -> None:
    plan = FaultPlan(["jam"], seed=1)
    plan.set("jam", Rule(chance=0.1))
    assert 150 < len(strikes(plan, 2000)) < 250


def test_a_rule_can_be_lifted_and_listed() -> None:
    plan = FaultPlan(["jam"])
    assert plan.command({"fault": "jam", "every": 1})["rules"] == ["jam"]
    assert plan.command({"fault": "jam", "off": True}) == {"known": ["jam"], "rules": []}
    assert strikes(plan, 3) == []


@pytest.mark.parametrize(
    "fields", [{}, {"every": 0}, {"next": True}, {"chance": 2}, {"every": 1, "next": 1}]
)
def test_a_wrong_rule_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "BAD_FAULT"):
        Rule.of(fields)


def test_rules_from_the_command_line() -> None:
    assert parse_rule("jam:every=50") == ("jam", Rule(every=50))
    assert parse_rule("smudge:chance=0.02") == ("smudge", Rule(chance=0.02))
    for wrong in ("jam", "jam:every", "jam:every=x", "jam:luck=1"):
        with pytest.raises(DeviceError, check=lambda fault: fault.code == "BAD_FAULT"):
            parse_rule(wrong)
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "UNKNOWN_FAULT"):
        FaultPlan(["jam"]).set("fire", Rule(next=1))
