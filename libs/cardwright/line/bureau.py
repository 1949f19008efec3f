"""What a bureau tells its issuers: the public key to seal requests to."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.layout import Layout
from cardwright.secret import SecretText

__all__ = ["bureau_key"]

_LABEL = "bureau/request"


async def bureau_key(layout: Layout) -> ECKey:
    """Return the newest public key that requests are sealed to, with its ``kid``."""
    token = SecretText(layout.token_file("operator").read_text().strip())
    async with GrpcSecurityModule(f"127.0.0.1:{layout.ports()['hsm']}", token) as module:
        keys = await module.public_keys(_LABEL)
    active = [key for key in keys if key.state == "active"]
    newest = max(active, key=lambda key: int(key.key_id.rpartition("#")[2]))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), newest.value)
    return ECKey.import_key(point, parameters={"kid": newest.key_id})
