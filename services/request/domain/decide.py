"""The decision about one request."""

from __future__ import annotations

from dataclasses import dataclass

from services.request.domain.model import Context, Refused, Request, Unusable
from services.request.domain.rules import RULES

__all__ = ["Accepted", "accept_or_refuse", "duplicate"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request is a card to be.

    Attributes:
        rules: the rules that let it pass, as ``name/version``.
    """

    rules: tuple[str, ...]


def accept_or_refuse(request: Request | Unusable, context: Context) -> Accepted | Refused:
    """Ask every rule in turn; the first refusal is the answer."""
    if isinstance(request, Unusable):
        return Refused(
            "REQUEST_FIELDS", f"Not as docs/issuers.md asks: {', '.join(request.fields)}"
        )
    for rule in RULES:
        refused = rule.check(request, context)
        if refused is not None:
            return refused
    return Accepted(tuple(map(str, RULES)))


def duplicate(*, same_content: bool) -> Refused:
    """Refuse a request id that was used before: ids are unique for ever within an issuer."""
    which = "the same message" if same_content else "another message"
    return Refused(
        "REQUEST_DUPLICATE",
        f"This request id came before, with {which}, and that one counts; use a new id",
    )
