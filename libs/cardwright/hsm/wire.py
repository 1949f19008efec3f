"""The port's types as messages and back: both the client and the module's server speak by these."""

from __future__ import annotations

from cardwright.hsm.authorization import AuthorizationItem
from cardwright.hsm.chips import (
    BadgeProof,
    ChipAnswers,
    ChipApplication,
    ChipChannel,
    ChipStage,
    ChipToPersonalize,
    ChipVerdict,
    ExportedCard,
    SealedGroupings,
)
from cardwright.hsm.inventory import JournalEntry, Pool
from cardwright.hsm.pins import PinItem, PinTranslation, PreparedPin
from cardwright.hsm.port import CardValues, CardValuesItem, Cvc3Tracks, DerivedCardKeys
from cardwright.proto.hsm.v1 import security_module_pb2 as pb
from cardwright.proto.vault.v1 import sections_pb2
from cardwright.secret import SecretText

__all__ = [
    "answers_from",
    "authorization_from",
    "authorization_to",
    "card_values_from",
    "card_values_to",
    "chip_from",
    "chip_to",
    "derived_to",
    "entry_from",
    "entry_to",
    "exported_from",
    "exported_to",
    "pin_from",
    "pin_to",
    "pool_from",
    "pool_to",
    "prepared_to",
    "translation_from",
    "translation_to",
    "valued_from",
    "valued_to",
    "verdict_from",
    "verdict_to",
]

_LEVEL, _LONGEST = 0x03, 255


def chip_to(chip: ChipToPersonalize) -> pb.PersonalizeItem:
    """Encode a chip."""
    return pb.PersonalizeItem(
        card_id=chip.card_id,
        kmc=chip.kmc,
        host_challenge=chip.host_challenge,
        initialize_update=chip.initialize_update,
        sealed_keys=chip.sealed_keys,
        applications=[
            sections_pb2.ChipApplication(
                module_aid=each.module_aid, instance_aid=each.instance_aid, dgis=each.dgis
            )
            for each in chip.applications
        ],
        channel=sections_pb2.ChipChannel(
            diversification=chip.channel.diversification,
            security_level=chip.channel.security_level,
            issuer_kmc=chip.channel.issuer_kmc,
            issuer_key_version=chip.channel.issuer_key_version,
            issuer_diversification=chip.channel.issuer_diversification,
            store_data=chip.channel.store_data,
            longest_command=chip.channel.longest_command,
        ),
        stage=pb.ChipStage.Name(chip.stage),
        installed=chip.installed,
    )


def channel_from(said: sections_pb2.ChipChannel) -> ChipChannel:
    """Decode a channel; what is not said about it is as most cards have it."""
    return ChipChannel(
        diversification=said.diversification or "kdf3",
        security_level=said.security_level or _LEVEL,
        issuer_kmc=said.issuer_kmc,
        issuer_key_version=said.issuer_key_version,
        issuer_diversification=said.issuer_diversification or "kdf3",
        store_data=said.store_data or "globalplatform",
        longest_command=said.longest_command or _LONGEST,
    )


def chip_from(item: pb.PersonalizeItem) -> ChipToPersonalize:
    """Decode a chip."""
    return ChipToPersonalize(
        card_id=item.card_id,
        kmc=item.kmc,
        host_challenge=item.host_challenge,
        initialize_update=item.initialize_update,
        sealed_keys=item.sealed_keys,
        applications=tuple(
            ChipApplication(each.module_aid, each.instance_aid, tuple(each.dgis))
            for each in item.applications
        ),
        channel=channel_from(item.channel),
        stage=ChipStage(item.stage or ChipStage.PERSONALIZE),
        installed=tuple(item.installed),
    )


def answers_from(said: pb.ChipAnswers) -> ChipAnswers:
    """Decode what a chip answered."""
    return ChipAnswers(chip_from(said.chip), tuple(said.responses))


def badge_to(proof: BadgeProof) -> pb.BadgeProof:
    """Encode what a badge answered."""
    return pb.BadgeProof(
        card_id=proof.card_id,
        sealed_keys=proof.sealed_keys,
        instance_aid=proof.instance_aid,
        challenge=proof.challenge,
        answer=proof.answer,
    )


def badge_from(said: pb.BadgeProof) -> BadgeProof:
    """Decode what a badge answered."""
    return BadgeProof(
        said.card_id, said.sealed_keys, said.instance_aid, said.challenge, said.answer
    )


def valued_to(item: CardValuesItem) -> pb.CardValuesItem:
    """Encode a card to compute verification values for."""
    encoded = pb.CardValuesItem(
        cvk=item.cvk,
        pan=item.pan.reveal(),
        expiry=item.expiry,
        service_code=item.service_code,
        environment=item.environment,
    )
    if (tracks := item.cvc3) is not None:
        encoded.cvc3.imk_cvc3 = tracks.imk_cvc3
        encoded.cvc3.sequence_number = tracks.sequence_number
        encoded.cvc3.track1 = tracks.track1.reveal()
        encoded.cvc3.track2 = tracks.track2.reveal()
    return encoded


def valued_from(said: pb.CardValuesItem) -> CardValuesItem:
    """Decode a card to compute verification values for."""
    tracks = said.cvc3
    return CardValuesItem(
        said.cvk,
        SecretText(said.pan),
        said.expiry,
        said.service_code,
        said.environment,
        Cvc3Tracks(
            tracks.imk_cvc3,
            tracks.sequence_number,
            SecretText(tracks.track1),
            SecretText(tracks.track2),
        )
        if said.HasField("cvc3")
        else None,
    )


def card_values_to(values: CardValues) -> pb.CardValuesResult:
    """Encode a card's verification values."""
    return pb.CardValuesResult(
        cvv=values.cvv.reveal(),
        cvv2=values.cvv2.reveal(),
        icvv=values.icvv.reveal(),
        cvk=values.cvk,
        track1_vector=values.track1_vector,
        track2_vector=values.track2_vector,
    )


def card_values_from(said: pb.CardValuesResult) -> CardValues:
    """Decode a card's verification values."""
    return CardValues(
        SecretText(said.cvv),
        SecretText(said.cvv2),
        SecretText(said.icvv),
        said.cvk,
        said.track1_vector,
        said.track2_vector,
    )


def derived_to(keys: DerivedCardKeys) -> pb.DerivedCardKeys:
    """Encode a card's sealed keys."""
    return pb.DerivedCardKeys(
        sealed=keys.sealed,
        checks=[
            pb.DerivedKeyCheck(usage=each.usage, master=each.master, kcv=each.kcv)
            for each in keys.checks
        ],
        sealed_certificates=keys.certificates,
    )


def verdict_to(verdict: ChipVerdict) -> pb.ChipVerdict:
    """Encode a verdict."""
    return pb.ChipVerdict(
        reason=verdict.reason,
        index=verdict.index,
        status=verdict.status,
        key_version=verdict.key_version,
        keys_uncertain=verdict.keys_uncertain,
    )


def verdict_from(said: pb.ChipVerdict) -> ChipVerdict:
    """Decode a verdict."""
    return ChipVerdict(said.reason, said.index, said.status, said.key_version, said.keys_uncertain)


def exported_to(card: ExportedCard) -> pb.ExportedCard:
    """Encode a card for another bureau."""
    return pb.ExportedCard(
        applications=[
            sections_pb2.ApplicationKeys(
                instance_aid=each.instance_aid, sensitive=each.sensitive, plain=each.plain
            )
            for each in card.applications
        ]
    )


def exported_from(said: pb.ExportedCard) -> ExportedCard:
    """Decode a card for another bureau."""
    return ExportedCard(
        tuple(
            SealedGroupings(each.instance_aid, tuple(each.sensitive), tuple(each.plain))
            for each in said.applications
        )
    )


def pin_to(item: PinItem) -> pb.PinItem:
    """Encode a PIN to be prepared."""
    return pb.PinItem(
        card_id=item.card_id,
        pan=item.pan.reveal(),
        length=item.length,
        pin_block=item.pin_block,
        pin_key=item.pin_key,
        method=item.method,
        pvk=item.pvk,
        pvk_index=item.pvk_index,
        mailed=item.mailed,
        environment=item.environment,
    )


def pin_from(said: pb.PinItem) -> PinItem:
    """Decode a PIN to be prepared."""
    return PinItem(
        card_id=said.card_id,
        pan=SecretText(said.pan),
        length=said.length,
        pin_block=said.pin_block,
        pin_key=said.pin_key,
        method=said.method,
        pvk=said.pvk,
        pvk_index=said.pvk_index,
        mailed=said.mailed,
        environment=said.environment,
    )


def prepared_to(pin: PreparedPin) -> pb.PreparedPin:
    """Encode a sealed PIN."""
    return pb.PreparedPin(
        sealed_for_chip=pin.sealed_for_chip,
        sealed_for_mailer=pin.sealed_for_mailer,
        verification=pin.verification.reveal(),
        pvk=pin.pvk,
    )


def translation_to(item: PinTranslation) -> pb.PinTranslation:
    """Encode a PIN block to be moved."""
    return pb.PinTranslation(
        pin_block=item.pin_block,
        pan=item.pan.reveal(),
        from_key=item.from_key,
        from_format=item.from_format,
        to_key=item.to_key,
        to_format=item.to_format,
    )


def translation_from(said: pb.PinTranslation) -> PinTranslation:
    """Decode a PIN block to be moved."""
    return PinTranslation(
        said.pin_block,
        SecretText(said.pan),
        said.from_key,
        said.from_format,
        said.to_key,
        said.to_format,
    )


def authorization_to(item: AuthorizationItem) -> pb.AuthorizeItem:
    """Encode a card's request."""
    return pb.AuthorizeItem(
        card_id=item.card_id,
        imk_ac=item.imk_ac,
        imk_smi=item.imk_smi,
        derivation=item.derivation,
        pan=item.pan.reveal(),
        sequence_number=item.sequence_number,
        objects=item.objects,
        response_code=item.response_code,
        script=item.script,
    )


def authorization_from(said: pb.AuthorizeItem) -> AuthorizationItem:
    """Decode a card's request."""
    return AuthorizationItem(
        card_id=said.card_id,
        imk_ac=said.imk_ac,
        imk_smi=said.imk_smi,
        derivation=said.derivation,
        pan=SecretText(said.pan),
        sequence_number=said.sequence_number,
        objects=dict(said.objects),
        response_code=said.response_code,
        script=tuple(said.script),
    )


def entry_to(entry: JournalEntry) -> pb.JournalEntry:
    """Encode an entry of the journal."""
    return pb.JournalEntry(
        entry=entry.entry,
        hash=entry.hash,
        key_id=entry.key_id,
        change=entry.change,
        state=entry.state,
        usage=entry.usage,
        algorithm=entry.algorithm,
        kcv=entry.kcv,
        environment=entry.environment,
        owner=entry.owner,
        custodians=entry.custodians,
        minutes=entry.minutes,
    )


def entry_from(said: pb.JournalEntry) -> JournalEntry:
    """Decode an entry of the journal."""
    return JournalEntry(
        entry=said.entry,
        hash=said.hash,
        key_id=said.key_id,
        change=said.change,
        state=said.state,
        usage=said.usage,
        algorithm=said.algorithm,
        kcv=said.kcv,
        environment=said.environment,
        owner=said.owner,
        custodians=tuple(said.custodians),
        minutes=said.minutes,
    )


def pool_to(pool: Pool) -> pb.Pool:
    """Encode a pool's state."""
    return pb.Pool(
        bits=pool.bits,
        exponent=pool.exponent,
        ready=pool.ready,
        low_water=pool.low_water,
        high_water=pool.high_water,
        used=pool.used,
    )


def pool_from(said: pb.Pool) -> Pool:
    """Decode a pool's state."""
    return Pool(said.bits, said.exponent, said.ready, said.low_water, said.high_water, said.used)
