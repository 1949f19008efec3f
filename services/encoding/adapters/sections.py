"""Protobuf at the vault's edge: sealed sections in, material out."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from cardwright.emv.errors import EmvError
from cardwright.globalplatform.errors import CommandError
from cardwright.hsm.chips import ChipApplication
from cardwright.hsm.wire import channel_from
from cardwright.iso.errors import StripeError, TlvError
from cardwright.proto.vault.v1.sections_pb2 import (
    CertificatesSection,
    ChipSection,
    StripeSection,
)
from cardwright.secret import SecretBytes, SecretText
from services.encoding.domain import ChipPlan, IncompleteError, StripePlan, chip_plan, stripe_bits
from services.encoding.domain.stripes import Coercivity

__all__ = ["SectionError", "read_chip", "read_stripe"]

_COERCIVITY: Final[dict[str, Coercivity]] = {"": "hico", "hico": "hico", "loco": "loco"}


class SectionError(Exception):
    """A section opened, but what is in it can't be written to a card.

    Attributes:
        code: SECTION_MALFORMED, or the code of the standard that it breaks.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_stripe(section: SecretBytes) -> StripePlan:
    """Decode a StripeSection into the bits of its tracks, and how strongly they are written.

    Raises:
        SectionError: It is none, or a track can't hold its text.
    """
    try:
        message = StripeSection.FromString(section.reveal())
        tracks = stripe_bits(
            {
                1: SecretText(message.track1),
                2: SecretText(message.track2),
                3: SecretText(message.track3),
            }
        )
        return StripePlan(tracks, _COERCIVITY[message.coercivity])
    except (DecodeError, KeyError):
        raise SectionError("SECTION_MALFORMED", "the stripe section can't be decoded") from None
    except StripeError as error:
        raise SectionError(error.code, str(error)) from None


def read_chip(section: SecretBytes, sealed_keys: bytes, certificates: SecretBytes) -> ChipPlan:
    """Decode a ChipSection into the plan for its chip.

    Args:
        section: the ChipSection.
        sealed_keys: for the security module.
        certificates: the CertificatesSection; empty for a chip without certificates.

    Raises:
        SectionError: It is none, or its AIDs or groupings are malformed, or the chip lacks records.
    """
    try:
        message = ChipSection.FromString(section.reveal())
        records = CertificatesSection.FromString(certificates.reveal())
        return chip_plan(
            message.kmc,
            [
                ChipApplication(each.module_aid, each.instance_aid, tuple(each.dgis))
                for each in message.applications
            ],
            channel_from(message.channel),
            sealed_keys,
            {
                each.instance_aid: {(item.sfi, item.number): item.content for item in each.records}
                for each in records.applications
            },
        )
    except DecodeError:
        raise SectionError("SECTION_MALFORMED", "the chip's sections can't be decoded") from None
    except (EmvError, CommandError, TlvError, IncompleteError) as error:
        raise SectionError(error.code, str(error)) from None
