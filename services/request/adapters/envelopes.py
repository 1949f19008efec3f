"""Opens issuers' envelopes: the JWE by the security module, the JWS by the issuer's public key."""

from __future__ import annotations

from collections.abc import Sequence

from joserfc.util import json_b64decode

from cardwright.hsm.jose import JoseError, open_compact_batch, verify_compact
from cardwright.hsm.port import SecurityModule
from cardwright.secret import SecretBytes
from services.request.adapters.catalogue import RegisteredIssuer
from services.request.errors import UndeliverableError

__all__ = ["ModuleEnvelopes"]

_PARTS = 5  # header, encrypted key (empty), nonce, ciphertext, tag: RFC 7516, 7.1


class ModuleEnvelopes:
    """Envelopes whose private keys lie in the security module.

    Args:
        module: the security module, with this service's token.
    """

    def __init__(self, module: SecurityModule) -> None:
        self._module = module

    async def open(
        self, sealed: Sequence[tuple[str, RegisteredIssuer]]
    ) -> list[SecretBytes | UndeliverableError]:
        """Return each payload that its issuer signed, or why there is none, in order.

        Raises:
            cardwright.hsm.port.HsmError: The module can't be reached; try the batch again.
        """
        opened = await open_compact_batch(self._module, [token for token, _ in sealed])
        return [
            _undeliverable(token, result)
            if isinstance(result, JoseError)
            else _signed_payload(result, registered)
            for (token, registered), result in zip(sealed, opened, strict=True)
        ]


def _undeliverable(token: str, error: JoseError) -> UndeliverableError:
    if token.count(".") < _PARTS - 1:
        return UndeliverableError("ENVELOPE_TRUNCATED", "The JWE has fewer than five parts")
    if error.code == "JWE_KEY":
        return UndeliverableError("ENVELOPE_KEY_UNKNOWN", str(error))
    return UndeliverableError("ENVELOPE_MALFORMED", str(error))


def _signed_payload(
    token: SecretBytes, registered: RegisteredIssuer
) -> SecretBytes | UndeliverableError:
    try:
        key_id = json_b64decode(token.reveal().partition(b".")[0])["kid"]
        return SecretBytes(verify_compact(registered.signing_keys[key_id], token.reveal()))
    except (JoseError, ValueError, KeyError, TypeError):
        return UndeliverableError(
            "ENVELOPE_SIGNATURE", "The sealed part is not signed by a key of this topic's issuer"
        )
