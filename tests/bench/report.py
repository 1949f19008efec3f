"""The figures as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.chips import Chips
from tests.bench.chips_pcsc import PcscChips
from tests.bench.custody_alone import Ceiling
from tests.bench.keys import Keys
from tests.bench.latency import Spread
from tests.bench.lower_bound import Bound
from tests.bench.scenarios import Express, Idle, Throughput

__all__ = ["show"]

Result = Throughput | Idle | Express | Ceiling | Bound | Chips | Keys | PcscChips
_console = Console(width=100, highlight=False)
_SHOWN = 0.005


def show(title: str, result: Result) -> None:
    """Print one result."""
    match result:
        case Throughput():
            _throughput(title, result)
        case Idle():
            _idle(title, result)
        case Express():
            _express(title, result)
        case Chips():
            _chips(title, result)
        case Keys():
            _keys(title, result)
        case PcscChips():
            _console.print(
                f"{title}: [bold]{result.share:.0%} of the bare rate[/]: {result.rate:.0f} of "
                f"{result.bare_rate:.0f} commands/s ({result.cards} cards, {result.commands} "
                f"commands and {result.resets} resets each: {result.made_ms:.1f} ms, bare "
                f"{result.bare_ms:.1f})"
            )
        case Ceiling():
            _console.print(
                f"{title}: [bold]{result.rate:.0f} events/s[/] ({result.events} events, "
                f"{result.cpu_ms_per_1000:.0f} ms CPU a thousand)"
            )
        case Bound():
            _console.print(
                f"{title}: [bold]{result.total_ms:.2f} ms CPU a card[/] "
                f"(crypto {result.crypto_ms:.2f}, COPY {result.copy_ms:.2f}, "
                f"produce {result.produce_ms:.2f})"
            )


def _chips(title: str, result: Chips) -> None:
    _console.print(
        f"{title}: [bold]{result.rate:.0f} cards/s a core[/] ({result.cards} cards, "
        f"{result.commands} commands, {result.store_data} of them STORE DATA, {result.reads} to "
        f"read back), {result.ratio:.1f} times the bare calls"
    )
    rows = [
        ("host: the script", result.script_ms, result.host_bare_ms),
        ("host: checks", result.check_ms, 0),
        ("software chip: the script", result.chip_ms, result.chip_bare_ms),
        ("software chip: read back", result.read_ms, 0),
        ("both", result.all_ms, result.host_bare_ms + result.chip_bare_ms),
    ]
    shown = [(name, f"{ms:.2f}", f"{bare:.2f}" if bare else "") for name, ms, bare in rows]
    _table(("side", "CPU ms/card", "bare calls"), shown)


def _keys(title: str, result: Keys) -> None:
    calls = ", ".join(f"{count:g} {kind}" for kind, count in sorted(result.calls.items()))
    _console.print(
        f"{title}: [bold]{result.rate:.0f} cards/s a core[/] while the pool has pairs, "
        f"{result.sustained:.0f} with an empty pool, making each card's pair too; "
        f"{result.cards} cards, {result.ratio:.1f} times the bare calls ({calls} of the backend)"
    )
    rows = [(step, ms, result.bare_ms[step]) for step, ms in result.steps_ms.items()]
    rows.append(("all", sum(result.steps_ms.values()), sum(result.bare_ms.values())))
    rows.append(("a pair for the pool", result.pair_ms, result.pair_bare_ms))
    shown = [(name, f"{ms:.3f}", f"{bare:.3f}") for name, ms, bare in rows]
    _table(("of a card", "CPU ms/card", "bare calls"), shown)


def _throughput(title: str, result: Throughput) -> None:
    total = result.cpu_ms_a_card
    _console.print(
        f"{title}: [bold]{result.rate:.1f} cards/s[/] ({result.cards} cards in "
        f"{result.seconds:.1f} s), {total:.2f} ms CPU a card: two cores of nothing else would do "
        f"{2000 / total:.0f} cards/s"
    )
    rows = [
        (name, f"{ms:.2f}", f"{result.peak_mb[name]:.0f}")
        for name, ms in _largest_first(result.cpu_ms)
    ]
    _table(("process", "CPU ms/card", "peak MB"), rows)
    roles = [(role, f"{ms:.2f}") for role, ms in _largest_first(result.database_ms) if ms >= _SHOWN]
    _table(("of postgres, by role", "CPU ms/card"), roles)
    _steps(result.step_ms)


def _idle(title: str, result: Idle) -> None:
    total = sum(result.cores.values())
    busiest = ", ".join(f"{name} {cores:.3f}" for name, cores in _largest_first(result.cores)[:4])
    _console.print(f"{title}: [bold]{total:.2f} cores[/] burnt by waiting ({busiest}, …)")


def _express(title: str, result: Express) -> None:
    total, device = result.total_ms, result.device_ms
    _console.print(
        f"{title}: [bold]p50 {total.p50:.0f} ms, p99 {total.p99:.0f} ms[/] ({total.count} cards); "
        f"of it in machines p50 {device.p50:.0f}, p99 {device.p99:.0f}"
    )
    _steps(result.step_ms)


def _steps(steps: Mapping[str, Spread]) -> None:
    rows = [(kind, f"{s.p50:.0f}", f"{s.p99:.0f}") for kind, s in steps.items()]
    _table(("step ends with", "p50 ms", "p99 ms"), rows)


def _largest_first(figures: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(figures.items(), key=lambda item: -item[1])


def _table(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", min_width=18)
    for row in rows:
        table.add_row(*row)
    _console.print(table)
