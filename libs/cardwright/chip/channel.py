"""INITIALIZE UPDATE: the key set that it names decides which secure channel protocol begins."""

from __future__ import annotations

from collections.abc import Callable

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.keys import KeyStore
from cardwright.chip.profile import Profile
from cardwright.chip.scp02 import Scp02Session
from cardwright.chip.scp03 import Scp03Session
from cardwright.chip.session import Session

__all__ = ["begin_session"]


def begin_session(
    command: Command,
    keys: KeyStore,
    profile: Profile,
    aid: bytes,
    random: Callable[[int], bytes],
) -> Session:
    """A session that the host has not opened yet; ``aid`` names what is selected.

    6A86 for another P2 than 00, 6A88 without a whole key set of that version, 6983 when it is
    blocked, 6700 for a challenge of another length, 6985 when its sequence counter is used up.
    """
    if command.p2:
        raise Refusal(Status.WRONG_P1_P2)
    named = keys.find(command.p1)
    i = None if named is None or named.protocol is None else profile.option(named.protocol)
    if named is None or i is None:
        raise Refusal(Status.NO_REFERENCE)
    if named.blocked:
        raise Refusal(Status.BLOCKED)
    protocol = Scp02Session if named.protocol == 2 else Scp03Session
    return protocol(named, i, aid, command.data, random)
