"""Signed batches: facts sent together share one Ed25519 signature over their Merkle root."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.custody.errors import MerkleError, SignatureError
from cardwright.custody.merkle import root_from_path

__all__ = ["SignatureError", "SignatureVerifier", "batch_payload"]

_DOMAIN: Final = b"cardwright-facts-v1\n"
_KEY_LENGTH: Final = 32
_SIGNATURE_LENGTH: Final = 64


def batch_payload(size: int, root: bytes) -> bytes:
    """Build what a signer signs once a batch: domain, number of leaves (8 octets) and root."""
    return _DOMAIN + size.to_bytes(8, "big") + root


class SignatureVerifier:
    """Verifies facts against their signers' Ed25519 keys (RFC 8032).

    A batch's signature is verified with its first fact and then remembered, so that every further
    fact costs its inclusion path alone. Failures are not remembered. Not for use by many threads.

    Args:
        public_keys: Signer key id, e.g. "sign/printing.site-1#1", to 32-octet public key.
        remembered: How many verified batches to keep in memory.
    """

    def __init__(self, public_keys: Mapping[str, bytes], *, remembered: int = 4096) -> None:
        self._keys: dict[str, VerifyKey] = {}
        self.renew(public_keys)
        self._remembered = remembered
        self._verified: OrderedDict[tuple[str, bytes, bytes], None] = OrderedDict()

    def renew(self, public_keys: Mapping[str, bytes]) -> None:
        """Verify by these keys from now on; what was verified by another counts no more.

        Raises:
            SignatureError: SIGNER_KEY; nothing was changed then.
        """
        for signer, key in public_keys.items():
            if len(key) != _KEY_LENGTH:
                raise SignatureError(
                    "SIGNER_KEY", f"The public key of {signer} has not {_KEY_LENGTH} octets."
                )
        self._keys = {signer: VerifyKey(key) for signer, key in public_keys.items()}

    def knows(self, signer: str) -> bool:
        """Whether there is a key of this id."""
        return signer in self._keys

    def check(  # the fields of a SignedFact, in its order
        self,
        signer: str,
        leaf_hash: bytes,
        index: int,
        size: int,
        path: Sequence[bytes],
        signature: bytes,
    ) -> None:
        """Check that `signer` signed the batch of `size` facts that holds `leaf_hash` at `index`.

        Raises:
            SignatureError: SIGNER_UNKNOWN or SIGNATURE_BAD.
        """
        key = self._keys.get(signer)
        if key is None:
            raise SignatureError(
                "SIGNER_UNKNOWN", f"No public key is known for {signer!r}: register the signer."
            )
        try:
            payload = batch_payload(size, root_from_path(leaf_hash, index, size, path))
        except (MerkleError, OverflowError):
            raise _bad(signer) from None
        batch = (signer, payload, signature)
        if batch in self._verified:
            self._verified.move_to_end(batch)
            return
        _verify(signer, key, payload, signature)
        self._verified[batch] = None
        if len(self._verified) > self._remembered:
            self._verified.popitem(last=False)


def _verify(signer: str, key: VerifyKey, payload: bytes, signature: bytes) -> None:
    if len(signature) != _SIGNATURE_LENGTH:
        raise _bad(signer)
    try:
        key.verify(payload, signature)
    except BadSignatureError:
        raise _bad(signer) from None


def _bad(signer: str) -> SignatureError:
    return SignatureError(
        "SIGNATURE_BAD",
        f"The fact is not what {signer} signed: it was changed, or its path is another's.",
    )
