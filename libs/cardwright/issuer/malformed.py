"""Messages that no honest issuer sends, to try the bureau's defences: see examples/malformed.yaml.

Each begins as a proper request of the example file, and one thing is then done to it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from google.protobuf.json_format import MessageToJson
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field

from cardwright.issuer.message import RequestMessage, Sealer
from cardwright.issuer.seal import encrypt, sign
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest, SensitiveData

__all__ = ["DEFECTS", "MalformedCase", "build_malformed", "load_malformed"]


class MalformedCase(BaseModel):
    """One message to build.

    Attributes:
        defect: a name in ``DEFECTS``.
        issuer: whose topic it is produced to.
        request_id: as key and in the message, if the message has one.
        expect: code of the dead letter, or of the refusal, that must follow.
        outcome: whether the issuer is told; otherwise only a dead letter is left.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    defect: str
    issuer: str
    request_id: Annotated[str, Field(min_length=8)]
    expect: str
    outcome: bool = False


@dataclass(frozen=True, slots=True)
class _Parts:
    request: IssuanceRequest
    data: SensitiveData
    sealer: Sealer
    foreign_key: ECKey


def load_malformed(path: Path) -> Sequence[MalformedCase]:
    """Read the cases of a YAML file."""
    return [MalformedCase.model_validate(case) for case in yaml.safe_load(path.read_text())]


def build_malformed(
    case: MalformedCase,
    request: IssuanceRequest,
    data: SensitiveData,
    sealer: Sealer,
    foreign_key: ECKey,
) -> RequestMessage:
    """Build one message.

    Args:
        case: what to build.
        request: a proper request of the same issuer; its id is replaced, its seal made anew.
        data: a proper sensitive part.
        sealer: the issuer's own.
        foreign_key: signing key of another issuer.
    """
    own = IssuanceRequest()
    own.CopyFrom(request)
    own.request_id = case.request_id
    inner = SensitiveData()
    inner.CopyFrom(data)
    inner.request_id = case.request_id
    value = DEFECTS[case.defect](_Parts(own, inner, sealer, foreign_key))
    message = sealer.wrap(own)
    return RequestMessage(message.key, value, message.headers)


def _sealed(parts: _Parts) -> str:
    return encrypt(_signed(parts, parts.sealer.signing_key), parts.sealer.bureau_key)


def _signed(parts: _Parts, key: ECKey) -> str:
    return sign(MessageToJson(parts.data, indent=None).encode(), key)


def _with(parts: _Parts, sealed: str) -> bytes:
    parts.request.sealed = sealed
    return parts.request.SerializeToString()


def _garbage(parts: _Parts) -> bytes:
    # Field 0 does not exist, so no protobuf reader accepts a tag of 0x07 or a lone 0xff.
    return b"\x07\xff" + parts.request.request_id.encode()[::-1] + b"\xff"


def _truncated(parts: _Parts) -> bytes:
    return _with(parts, ".".join(_sealed(parts).split(".")[:3]))


def _tampered(parts: _Parts) -> bytes:
    header, key, nonce, text, tag = _sealed(parts).split(".")
    flipped = "A" if tag[0] != "A" else "B"
    return _with(parts, ".".join((header, key, nonce, text, flipped + tag[1:])))


def _key_unknown(parts: _Parts) -> bytes:
    stranger = ECKey.generate_key("P-256", parameters={"kid": "bureau/request#999"})
    return _with(parts, encrypt(_signed(parts, parts.sealer.signing_key), stranger))


def _foreign_signature(parts: _Parts) -> bytes:
    return _with(parts, encrypt(_signed(parts, parts.foreign_key), parts.sealer.bureau_key))


def _unsigned(parts: _Parts) -> bytes:
    header, payload = (_base64url(part) for part in (b'{"alg":"none"}', b"{}"))
    return _with(parts, encrypt(f"{header}.{payload}.", parts.sealer.bureau_key))


def _moved(parts: _Parts) -> bytes:
    parts.data.request_id = parts.request.request_id[::-1]
    return _with(parts, _sealed(parts))


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


DEFECTS: Mapping[str, Callable[[_Parts], bytes]] = {
    "garbage": _garbage,
    "truncated": _truncated,
    "tampered": _tampered,
    "key-unknown": _key_unknown,
    "foreign-signature": _foreign_signature,
    "unsigned": _unsigned,
    "moved": _moved,
}
"""What can be done to a message, by name."""
