"""The verbs of the security module: each checks its caller, and works on a batch."""

from __future__ import annotations

from collections.abc import Callable

from cardwright.secret import SecretText
from services.keymanagement.module.backend import Backend, Tokens
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.verbs.badges import BadgeVerbs
from services.keymanagement.module.verbs.base import Stores
from services.keymanagement.module.verbs.cards import CardVerbs
from services.keymanagement.module.verbs.chips import ChipVerbs
from services.keymanagement.module.verbs.exports import ExportVerbs
from services.keymanagement.module.verbs.issuers import IssuerVerbs
from services.keymanagement.module.verbs.keys import KeyVerbs
from services.keymanagement.module.verbs.pins import PinVerbs

__all__ = ["Verbs", "VerbsOfTokens"]


class Verbs(KeyVerbs, CardVerbs, ChipVerbs, BadgeVerbs, PinVerbs, IssuerVerbs, ExportVerbs):
    """All verbs over one backend. None says in an error or log more than names of keys and cards.

    The families stand in files of their own: keys, cards, chips, badges, PINs, issuers' hosts.
    """


class VerbsOfTokens:
    """The verbs over each caller's own token; made once a token, as handles stay good.

    Args:
        tokens: each caller's.
        directory_of: says which keys of a token may be used now.
        stores: what the module keeps beside keys.
    """

    def __init__(
        self, tokens: Tokens, directory_of: Callable[[Backend], KeyDirectory], stores: Stores
    ) -> None:
        self._tokens = tokens
        self._directory_of = directory_of
        self._stores = stores
        self._verbs: list[tuple[Backend, Verbs]] = []

    def of(self, caller: str, login: SecretText) -> Verbs:
        """Return the verbs over a caller's token.

        Raises:
            HsmError: TOKEN_UNKNOWN, TOKEN_LOGIN, BACKEND_UNAVAILABLE.
        """
        backend = self._tokens.of(caller, login)
        for known, verbs in self._verbs:
            if known is backend:
                return verbs
        verbs = Verbs(backend, self._directory_of(backend), self._stores)
        self._verbs.append((backend, verbs))
        return verbs
