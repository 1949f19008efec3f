"""The life of a key: its states and the ways between them (NIST SP 800-57 part 1 rev. 5, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from cardwright.hsm.port import HsmError

__all__ = ["ChangeKind", "State", "Work", "state_after"]


class State(Enum):
    """Where a key is in its life."""

    PRE_ACTIVATION = "pre-activation"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"

    def allows(self, work: Work) -> bool:
        """Whether a key in this state may do such work.

        7.3 and 7.4: what was protected before may still be processed. 7.5 leaves the processing
        under a compromised key to whoever takes the risk; nobody does here.
        """
        if work is Work.PROTECT:
            return self is State.ACTIVE
        return self in {State.ACTIVE, State.SUSPENDED, State.DEACTIVATED}


class Work(Enum):
    """What a key is asked to do: protect something new, or process what was protected before."""

    PROTECT = "protect"
    PROCESS = "process"


class ChangeKind(Enum):
    """What can happen to a key, in the words of the journal and of ``KeyChanged``."""

    GENERATED = "generated"
    IMPORTED = "imported"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"
    EXPORTED = "exported"
    CERTIFIED = "certified"
    LIMITED = "limited"

    @property
    def begins(self) -> bool:
        """Whether a key's life begins with it."""
        return self in {ChangeKind.GENERATED, ChangeKind.IMPORTED}


_LIVING: Final = frozenset(State) - {State.DESTROYED}
_SOUND: Final = _LIVING - {State.COMPROMISED}

# What happens: from which states, and to which; None leaves the state as it was.
_WAYS: Final[Mapping[ChangeKind, tuple[frozenset[State], State | None]]] = {
    ChangeKind.ACTIVATED: (frozenset({State.PRE_ACTIVATION, State.SUSPENDED}), State.ACTIVE),
    ChangeKind.SUSPENDED: (frozenset({State.ACTIVE}), State.SUSPENDED),
    ChangeKind.DEACTIVATED: (frozenset({State.ACTIVE, State.SUSPENDED}), State.DEACTIVATED),
    ChangeKind.COMPROMISED: (_SOUND, State.COMPROMISED),
    ChangeKind.DESTROYED: (_LIVING, State.DESTROYED),
    ChangeKind.EXPORTED: (_SOUND, None),
    ChangeKind.CERTIFIED: (_SOUND, None),
    ChangeKind.LIMITED: (_SOUND, None),
}


def state_after(before: State | None, kind: ChangeKind) -> State:
    """Return the state that a change leads to.

    Args:
        before: None if there is no such key yet.
        kind: what happens.

    Raises:
        HsmError: KEY_EXISTS, KEY_UNKNOWN, or KEY_TRANSITION, which the standard does not have.
    """
    if kind.begins:
        if before is not None:
            raise HsmError("KEY_EXISTS", "A key begins once: take the next version.")
        return State.PRE_ACTIVATION
    if before is None:
        raise HsmError("KEY_UNKNOWN", f"What was never made can't be {kind.value}.")
    sources, after = _WAYS[kind]
    if before not in sources:
        raise HsmError("KEY_TRANSITION", f"A key that is {before.value} can't be {kind.value}.")
    return after or before
