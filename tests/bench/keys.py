"""All key work of an EMV debit card, in batches, on each backend: CPU milliseconds a card.

What the security module does for a card of profile ``emv-debit-cda``: PIN and PVV; CVV, CVV2 and
iCVV; three master keys, their check values, the certificates of both interfaces with a pair of the
pool, everything sealed; the chip's script; and the data keys that stations have unwrapped. Without
gRPC, and without what callers do: the chip's answers are ready before.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from cardwright.chip import manufacture
from cardwright.emv.application import EmvApplication
from cardwright.globalplatform.authentication import initialize_update
from cardwright.globalplatform.commands import ISSUER_SECURITY_DOMAIN, select
from cardwright.hsm.pins import PinItem
from cardwright.hsm.port import (
    CardValuesItem,
    ChipToPersonalize,
    HsmError,
    SealedItem,
    WrappedDataKey,
)
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretText
from cardwright.vault.sealing import parse_sealed
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.pkcs11.backend import Pkcs11Backend
from services.keymanagement.module.provision import PKCS11, SOFTWARE
from tests.bench.bare_keys import in_process, in_software, in_tokens, making_a_pair
from tests.bench.chips import bare_script
from tests.bench.counted import Counted, Counts
from tests.support import softhsm
from tests.unit.keymanagement.card_bench import (
    CHANNEL,
    PAN,
    CardBench,
    application,
    authentication,
    installed,
)
from tests.unit.keymanagement.module_kit import ISSUER, caller

__all__ = ["BACKENDS", "Keys", "card_keys"]

BACKENDS = (SOFTWARE, PKCS11)
_BATCH = 100  # cards, as stations have
_ICC_BITS = 1152
_PIN, _VALUES, _DERIVE, _SCRIPT, _UNWRAP = (
    "PIN and PVV",
    "CVV, CVV2, iCVV",
    "keys, certificates",
    "chip script",
    "data keys",
)
_SEALING: Mapping[str, Counts] = {
    _PIN: Counter(seal=2),  # for the chip, for the mailer
    _VALUES: Counter(),
    _DERIVE: Counter(open=3, seal=2),  # recipe, PIN, pair; chip keys, certificates
    _SCRIPT: Counter(open=1),
    _UNWRAP: Counter(unwrap=4),
}
_SECTIONS = (
    ("printing", "print"),
    ("encoding", "stripe"),
    ("encoding", "chip"),
    ("qa", "inspection"),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """CPU milliseconds a card on one backend.

    Attributes:
        backend: what holds the keys.
        cards: how many were measured, in batches of 100.
        steps_ms: by verb.
        bare_ms: the bare calls that each verb is made of, measured in the same run.
        calls: of the backend, a card.
        pair_ms: to make and seal a pair for the pool; ``pair_bare_ms``, to make one.
    """

    backend: str
    cards: int
    steps_ms: Mapping[str, float]
    bare_ms: Mapping[str, float]
    calls: Mapping[str, float]
    pair_ms: float
    pair_bare_ms: float

    @property
    def rate(self) -> float:
        """Cards a second of a core while the pool is full."""
        return 1000 / sum(self.steps_ms.values())

    @property
    def sustained(self) -> float:
        """Cards a second of a core that has to make the pairs as well: the pool is empty."""
        return 1000 / (sum(self.steps_ms.values()) + self.pair_ms)

    @property
    def ratio(self) -> float:
        """How many times its bare calls a card costs."""
        return sum(self.steps_ms.values()) / sum(self.bare_ms.values())


def card_keys(backend: str, cards: int) -> Keys:
    """Measure on one backend."""
    with _folder() as folder:
        counts: Counts = Counter()
        # Counted backends are slower, so they do one batch that is not measured, the first.
        counted = _Run(CardBench(folder / "counted", backend, partial(Counted, counts=counts)))
        calls = counted.calls(counts)
        bench = CardBench(folder / "measured", backend)
        run = _Run(bench)
        run.batch()
        run.clock.spent.clear()
        batches = max(1, cards // _BATCH)
        for _ in range(batches):
            run.batch()
        done = batches * _BATCH
        steps = {name: seconds / done * 1000 for name, seconds in run.clock.spent.items()}
        pair_ms = steps.pop("pair")
        costs = {**_bare_calls(backend, bench.backend_of), **in_process()}
        return Keys(
            backend,
            done,
            steps,
            {name: _bare(name, calls[name], costs, run.script) for name in steps},
            {kind: count / _BATCH for kind, count in sum(calls.values(), Counter()).items()},
            pair_ms,
            making_a_pair(_ICC_BITS),
        )


@dataclass
class _Clock:
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def count(self, what: str) -> Iterator[None]:
        began = process_time()
        yield
        self.spent[what] = self.spent.get(what, 0.0) + process_time() - began


class _Run:
    """Batches of cards over one bench; every card is a new one."""

    def __init__(self, bench: CardBench) -> None:
        self.bench, self.clock = bench, _Clock()
        self.script: Sequence[bytes] = ()
        self._made, self._card = application(), 0
        self._kmc = next(value for key, value in bench.keys.items() if key.label == "chip/KMC")

    def calls(self, counts: Counts) -> Mapping[str, Counts]:
        """Do a batch, and return by verb what it asked of the backend."""
        by_step: dict[str, Counts] = {}
        for name, step in self._steps():
            counts.clear()
            step()
            by_step[name] = Counter(counts)
        return by_step

    def batch(self) -> None:
        """Do a batch."""
        for name, step in self._steps():
            with self.clock.count(name):
                step()

    def _steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Yield the verbs' calls; what callers do is done between them."""
        bench, verbs = self.bench, self.bench.verbs
        names = [f"card-{self._card + number}" for number in range(_BATCH)]
        self._card += _BATCH
        yield "pair", partial(bench.fill, _BATCH, _ICC_BITS)
        pin = partial(PinItem, pan=SecretText(PAN), method="pvv", pvk=f"{ISSUER}/PVK", pvk_index=1)
        pins = _Kept(verbs.prepare_pins, caller("dataprep"), [pin(name) for name in names])
        yield _PIN, pins
        values = CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "2902", "201")
        yield _VALUES, _Kept(verbs.card_values, caller("dataprep"), [values] * _BATCH)
        sealed = bench.sealer.seal_batch(
            "keys",
            {
                name: _recipe(bench, self._made, made.sealed_for_chip).SerializeToString()
                for name, made in zip(names, pins.results, strict=True)
            },
        )
        recipes = [SealedItem(name, sealed[name]) for name in names]
        derived = _Kept(verbs.derive_card_keys, caller("keymanagement"), recipes)
        yield _DERIVE, derived
        chips = [
            self._chip(name, keys.sealed) for name, keys in zip(names, derived.results, strict=True)
        ]
        scripts = _Kept(verbs.personalize, caller("encoding"), chips)
        yield _SCRIPT, scripts
        self.script = scripts.results[0]
        yield _UNWRAP, partial(self._unwrap, [self._wrapped(each, names) for _, each in _SECTIONS])

    def _unwrap(self, batches: Sequence[Sequence[WrappedDataKey]]) -> None:
        for (role, section), wrapped in zip(_SECTIONS, batches, strict=True):
            keys = self.bench.verbs.unwrap_data_keys(caller(role), section, wrapped)
            if None in keys:
                raise RuntimeError(f"a data key of section {section} was not unwrapped")

    def _wrapped(self, section: str, names: Sequence[str]) -> list[WrappedDataKey]:
        blobs = self.bench.sealer.seal_batch(section, dict.fromkeys(names, b"section"))
        parsed = [(name, parse_sealed(blob)) for name, blob in blobs.items()]
        return [
            WrappedDataKey(name, blob.key_id, blob.ephemeral, blob.wrapped_key)
            for name, blob in parsed
        ]

    def _chip(self, name: str, sealed: bytes) -> ChipToPersonalize:
        chip, challenge = manufacture(os.urandom(10), self._kmc.reveal()), os.urandom(8)
        chip.process(select(ISSUER_SECURITY_DOMAIN))
        presented = chip.process(initialize_update(challenge))
        return ChipToPersonalize(
            name,
            "chip/KMC#1",
            challenge,
            presented,
            sealed,
            (installed(self._made),),
            CHANNEL,
        )


class _Kept:
    """A call of a verb whose results are kept; one that was refused would measure nothing."""

    def __init__(self, verb: Callable[..., Sequence[object]], *arguments: object) -> None:
        self._verb, self._arguments = verb, arguments
        self.results: Sequence[Any] = ()

    def __call__(self) -> None:
        self.results = self._verb(*self._arguments)
        refused = [each.code for each in self.results if isinstance(each, HsmError)]
        if refused:
            raise RuntimeError(f"a verb refused a card: {refused[0]}")


def _recipe(bench: CardBench, made: EmvApplication, pin: bytes) -> pb.KeysSection:
    section = bench.recipe(
        made, contactless_authentication=authentication(made.contactless_authentication)
    )
    section.sealed_pin = pin
    return section


def _bare_calls(backend: str, backend_of: Callable[[str], Backend]) -> Mapping[str, float]:
    if backend == SOFTWARE:
        return in_software()

    def of(name: str) -> Pkcs11Backend:
        found = backend_of(name)
        assert isinstance(found, Pkcs11Backend)
        return found

    return in_tokens(of)


def _bare(step: str, calls: Counts, costs: Mapping[str, float], script: Sequence[bytes]) -> float:
    """Return milliseconds a card of a verb's bare calls."""
    of_backend = sum(costs[kind] * count for kind, count in calls.items()) / _BATCH
    sealing = sum(costs[kind] * count for kind, count in _SEALING[step].items())
    channel = bare_script(script, CHANNEL.security_level) if step == _SCRIPT else 0.0
    return of_backend + sealing + channel


@contextmanager
def _folder() -> Iterator[Path]:
    folder = softhsm.fast_folder("cardwright-bench-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
