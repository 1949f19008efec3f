"""A chip's personalization script: opened, wrapped and MACed here, sent by whoever has the chip.

The script of one item is always the same, so it can be built again when the answers come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cardwright.emv.dgi import parse_all
from cardwright.globalplatform.authentication import (
    InitializeUpdateResponse,
    Scp02Option,
)
from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.commands import (
    CardState,
    delete,
    install_for_install,
    install_for_personalization,
    set_card_state,
)
from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.globalplatform.personalization import (
    Application,
    Deviation,
    Personalization,
    Reason,
    SensitiveGrouping,
    build_script,
    check_responses,
)
from cardwright.globalplatform.profile import CardProfile, open_channel
from cardwright.globalplatform.put_key import NewKeySet
from cardwright.globalplatform.store_data import DataGrouping, P1Coding
from cardwright.hsm.chips import ChipApplication, ChipChannel, ChipVerdict
from cardwright.hsm.port import ChipStage, ChipToPersonalize, HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards.chip_keys import ApplicationKeys

__all__ = ["Masters", "Script", "prepare"]

_R_MAC: Final = 0x10
# A card is delivered OP_READY and leaves SECURED; the life cycle has no step over INITIALIZED
# (GP 2.3.1, 5.1.1). Both come after the keys: a card that is SECURED has its issuer's.
_SECURE_THE_CARD: Final = (
    set_card_state(CardState.INITIALIZED),
    set_card_state(CardState.SECURED),
)
_REFUSED_BEFORE_ANY_CHANGE: Final = range(0x67, 0x6F)
"""SW1 of checking errors (ISO/IEC 7816-4, 5.6): the command was refused, nothing was written."""

Masters = Callable[[str, Diversification], Callable[[bytes], StaticKeys]]
"""Of a master key's label and scheme: what derives static keys from diversification data."""


@dataclass(frozen=True, slots=True)
class Script:
    """One item's script.

    Attributes:
        open: opens the channel, the same each time.
        plan: what the script does.
        profile: the kind of card.
        key_version: the key set that opened the chip.
    """

    open: Callable[[], SecureChannel]
    plan: Personalization
    profile: CardProfile
    key_version: int

    def commands(self) -> tuple[bytes, ...]:
        """Wrap all commands, EXTERNAL AUTHENTICATE first."""
        return build_script(self.open(), self.plan, self.profile)

    def verdict(self, responses: tuple[bytes, ...]) -> ChipVerdict:
        """Tell whether the chip did all of it, and which key set it has now."""
        deviation = check_responses(self.open(), self.plan, self.profile, responses)
        version, uncertain = self._keys_now(deviation, len(responses))
        if deviation is None:
            return ChipVerdict("", 0, 0, version, uncertain)
        reason, status = deviation.reason.value, deviation.status or 0
        return ChipVerdict(reason, deviation.index, status, version, uncertain)

    def _keys_now(self, deviation: Deviation | None, answers: int) -> tuple[int, bool]:
        """Return the version that the chip surely has, and whether it may have another.

        PUT KEY is taken as a whole or not at all (GP 2.3.1, 11.8). What was sent and not answered
        may have been done, and so may what was answered without a right MAC.
        """
        new = self.plan.new_keys
        if new is None:
            return self.key_version, False
        if deviation is None:
            return new.version, False
        # Counted from the end, as only that does not depend on how STORE DATA was cut.
        put_key = len(self.commands()) - 1 - len(self.plan.epilogue)
        if deviation.index > put_key:
            return new.version, False
        if deviation.index < put_key:
            return self.key_version, answers > put_key
        return self.key_version, not _refused(deviation)


def prepare(
    chip: ChipToPersonalize, masters: Masters, keys: Mapping[bytes, ApplicationKeys]
) -> Script:
    """Plan a chip's script.

    Args:
        chip: what the chip answered and is to hold.
        masters: the master keys that may be used.
        keys: what each application gets of keys, by instance.

    Raises:
        GlobalPlatformError: what the chip answered is none, or a key is of the wrong algorithm.
        HsmError: CHIP_CHANNEL, CHIP_KEY_VERSION or CHIP_KEYS.
    """
    response = InitializeUpdateResponse.parse(chip.initialize_update)
    channel = chip.channel
    profile = _profile(channel)
    proving = chip.stage is not ChipStage.PERSONALIZE and bool(channel.issuer_kmc)
    scheme = channel.issuer_diversification if proving else channel.diversification
    label = channel.issuer_kmc if proving else chip.kmc
    if proving and response.key_version != channel.issuer_key_version:
        raise HsmError(
            "CHIP_KEY_VERSION",
            f"The chip opened its key set {response.key_version:02X}, not the issuer's "
            f"{channel.issuer_key_version:02X}: name the version in INITIALIZE UPDATE.",
        )
    static = masters(label, _scheme(scheme))(response.diversification_data)
    opened = partial(
        open_channel, static, chip.host_challenge, response, channel.security_level, profile
    )
    if chip.stage is ChipStage.PROVE_KEYS:
        return Script(opened, Personalization(()), profile, response.key_version)
    if chip.stage is ChipStage.SECURE_CARD:
        secured = Personalization((), epilogue=_SECURE_THE_CARD)
        return Script(opened, secured, profile, response.key_version)
    new_keys = _new_keys(channel, response, masters)
    leftovers = Application(tuple(map(delete, chip.installed)), ())
    applications = (leftovers, *_applications(chip.applications, keys))
    plan = Personalization(applications, new_keys, _SECURE_THE_CARD)
    return Script(opened, plan, profile, response.key_version)


def _profile(channel: ChipChannel) -> CardProfile:
    # SCP02's option decides on response MACs alone here: 55 and 75 differ from 15 and 35 in how the
    # card makes its challenge, and that the card is genuine its cryptogram tells.
    option = Scp02Option.I35 if channel.security_level & _R_MAC else Scp02Option.I15
    try:
        p1 = P1Coding(channel.store_data)
    except ValueError:
        raise HsmError(
            "CHIP_CHANNEL", f"STORE DATA has no coding {channel.store_data!r}: see the product."
        ) from None
    return CardProfile(scp02_option=option, max_data=channel.longest_command, p1=p1)


def _scheme(name: str) -> Diversification:
    try:
        return Diversification(name)
    except ValueError:
        raise HsmError(
            "CHIP_CHANNEL", f"No diversification is called {name!r}: see the product."
        ) from None


def _new_keys(
    channel: ChipChannel, response: InitializeUpdateResponse, masters: Masters
) -> NewKeySet | None:
    """Return the issuer's key set, to stand in the place of the one that opened the chip."""
    if not channel.issuer_kmc:
        return None
    issuer = masters(channel.issuer_kmc, _scheme(channel.issuer_diversification))
    keys = issuer(response.diversification_data)
    return NewKeySet(keys, channel.issuer_key_version, response.key_version)


def _applications(
    applications: tuple[ChipApplication, ...], keys: Mapping[bytes, ApplicationKeys]
) -> tuple[Application, ...]:
    if not keys.keys() <= {each.instance_aid for each in applications}:
        raise HsmError(
            "CHIP_KEYS",
            "The card has keys for an application that is not installed: see the product.",
        )
    return tuple(_application(each, keys.get(each.instance_aid)) for each in applications)


def _application(chip: ChipApplication, keys: ApplicationKeys | None) -> Application:
    """Install one application and store its data; check values follow the keys that they check.

    The executable load file that holds a module is named as the module without its last octet.
    """
    groupings: list[DataGrouping | SensitiveGrouping] = [DataGrouping(dgi) for dgi in chip.dgis]
    if keys is not None:
        groupings += _sensitive(keys)
        groupings += [DataGrouping(dgi) for dgi in keys.plain]
    return Application(
        (
            install_for_install(chip.module_aid[:-1], chip.module_aid, chip.instance_aid),
            install_for_personalization(chip.instance_aid),
        ),
        tuple(groupings),
    )


def _sensitive(keys: ApplicationKeys) -> list[SensitiveGrouping]:
    return [
        SensitiveGrouping(dgi.id, SecretBytes(dgi.value))
        for encoded in keys.sensitive
        for dgi in parse_all(encoded.reveal())
    ]


def _refused(deviation: Deviation) -> bool:
    status = deviation.status
    return (
        deviation.reason is Reason.STATUS
        and status is not None
        and status >> 8 in _REFUSED_BEFORE_ANY_CHANGE
    )
