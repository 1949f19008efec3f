"""A card's whole script in one session, and what its responses prove.

Who wraps scripts need not remember them. The channel and the script follow from static keys,
challenges, the answer to INITIALIZE UPDATE, level, profile and the card's data: open the channel
again with the same, and ``check_responses`` tells what the card answered to which command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Final

from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.errors import ResponseMacError
from cardwright.globalplatform.profile import CardProfile
from cardwright.globalplatform.put_key import NewKeySet, put_key
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi, store_data
from cardwright.secret import SecretBytes

__all__ = [
    "Application",
    "Deviation",
    "Personalization",
    "Reason",
    "SensitiveGrouping",
    "build_script",
    "check_responses",
]

_OK: Final = b"\x90\x00"


@dataclass(frozen=True, slots=True)
class SensitiveGrouping:
    """A data grouping whose value goes encrypted under the session's DEK, such as keys or a PIN."""

    id: int
    value: SecretBytes


@dataclass(frozen=True, slots=True)
class Application:
    """What makes one application.

    Attributes:
        prologue: commands in clear that go before its data, such as the two INSTALL; the last of
            them directs STORE DATA to it.
        groupings: its data in the order in which the card is to take them; none if it needs none.
    """

    prologue: tuple[bytes, ...]
    groupings: tuple[DataGrouping | SensitiveGrouping, ...]


@dataclass(frozen=True, slots=True)
class Personalization:
    """What one session does to a card.

    Attributes:
        applications: one after the other.
        new_keys: the card manager's next static keys, if it gets some. They don't touch the
            session that brings them.
        epilogue: commands in clear that go last, such as SET STATUS.
    """

    applications: tuple[Application, ...]
    new_keys: NewKeySet | None = None
    epilogue: tuple[bytes, ...] = ()


class Reason(Enum):
    """Why a response is no good."""

    MISSING = "RESPONSE_MISSING"
    UNASKED = "RESPONSE_UNASKED"
    MAC = "RESPONSE_MAC"
    STATUS = "RESPONSE_STATUS"
    KEY_CHECK_VALUES = "RESPONSE_KEY_CHECK_VALUES"


@dataclass(frozen=True, slots=True)
class Deviation:
    """The first response that is not as it should be.

    Attributes:
        index: which, counted from 0, EXTERNAL AUTHENTICATE's.
        reason: what is wrong with it.
        status: its status word, None if there is no response.
    """

    index: int
    reason: Reason
    status: int | None


@dataclass(frozen=True, slots=True)
class _Step:
    """A command before it is wrapped, and the response data that it must yield; None: any."""

    command: bytes = field(repr=False)
    answer: bytes | None = None


def build_script(
    channel: SecureChannel, personalization: Personalization, profile: CardProfile
) -> tuple[bytes, ...]:
    """Build and wrap all commands of a session, EXTERNAL AUTHENTICATE first.

    Args:
        channel: freshly opened, nothing wrapped yet.
        personalization: what to do.
        profile: the kind of card.

    Raises:
        GlobalPlatformError: a command can't be built or carried.
    """
    return _wrap(channel, _steps(channel, personalization, profile))


def check_responses(
    channel: SecureChannel,
    personalization: Personalization,
    profile: CardProfile,
    responses: Sequence[bytes],
) -> Deviation | None:
    """Return the first response that is not as it should be, or None if the card did all of it.

    Without response MACs (levels 01 and 03) this proves no more than that somebody answered 9000;
    with them, that the card did, to these very commands in this order.

    Args:
        channel: opened again with what the script's channel was opened with, nothing wrapped yet.
        personalization: what the script was built of.
        profile: the kind of card.
        responses: one for each command of the script, data and status word.

    Raises:
        GlobalPlatformError: no such script could have been built.
    """
    steps = tuple(_steps(channel, personalization, profile))
    _wrap(channel, steps)  # brings the channel to where it then was
    for index, (step, response) in enumerate(zip_longest((_AUTHENTICATION, *steps), responses)):
        if step is None:
            return Deviation(index, Reason.UNASKED, _status(response))
        if response is None or len(response) < len(_OK):
            return Deviation(index, Reason.MISSING, None)
        reason = _fault(channel, step, response)
        if reason is not None:
            return Deviation(index, reason, _status(response))
    return None


# EXTERNAL AUTHENTICATE has no command in clear, and its response no MAC.
_AUTHENTICATION: Final = _Step(b"")


def _wrap(channel: SecureChannel, steps: Iterable[_Step]) -> tuple[bytes, ...]:
    return (channel.external_authenticate(), *(channel.wrap(step.command) for step in steps))


def _fault(channel: SecureChannel, step: _Step, response: bytes) -> Reason | None:
    try:
        plain = response if step is _AUTHENTICATION else channel.unwrap(response)
    except ResponseMacError:
        return Reason.MAC
    if plain[-2:] != _OK:
        return Reason.STATUS
    if step.answer is not None and plain[:-2] != step.answer:
        return Reason.KEY_CHECK_VALUES
    return None


def _status(response: bytes) -> int:
    return int.from_bytes(response[-2:], "big")


def _steps(
    channel: SecureChannel, personalization: Personalization, profile: CardProfile
) -> Iterator[_Step]:
    for application in personalization.applications:
        yield from map(_Step, application.prologue)
        if application.groupings:
            yield from map(_Step, _store_data(channel, application, profile))
    new = personalization.new_keys
    if new is not None:
        yield _Step(put_key(new, channel), new.answer)
    yield from map(_Step, personalization.epilogue)


def _store_data(
    channel: SecureChannel, application: Application, profile: CardProfile
) -> list[bytes]:
    groupings = [
        each
        if isinstance(each, DataGrouping)
        else DataGrouping(
            encode_dgi(each.id, channel.encrypt_sensitive(each.value.reveal())), encrypted=True
        )
        for each in application.groupings
    ]
    return store_data(
        groupings,
        max_data=channel.max_plain_data,
        coding=profile.p1,
        packing=profile.packing,
    )
