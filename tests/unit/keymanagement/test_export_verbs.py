"""Cards for another bureau, opened as that bureau would: by psec's key blocks and AES-GCM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psec import tr31

from cardwright.emv.dgi import parse_all
from cardwright.hsm.chips import ExportedCard, ExportedCards
from cardwright.hsm.port import HsmError, SealedItem
from services.keymanagement.module import keystore
from services.keymanagement.module.cards import chip_keys
from services.keymanagement.module.provision import BACKENDS, PKCS11
from tests.support.softhsm import missing
from tests.unit.keymanagement.card_bench import CardBench, application
from tests.unit.keymanagement.module_kit import caller

RECIPIENT = "partner-bureau/KEK"


@pytest.fixture(scope="module", params=BACKENDS)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CardBench]:
    if request.param == PKCS11 and (reason := missing()):
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
        yield CardBench(tmp_path_factory.mktemp("keys"), request.param)


@pytest.fixture(scope="module")
def sealed(bench: CardBench) -> SealedItem:
    bench.fill(1)
    return SealedItem("card", bench.derived(bench.recipe(application())).sealed)


def exported(bench: CardBench, *items: SealedItem) -> ExportedCards:
    return bench.verbs.export_personalization(caller("export"), RECIPIENT, items)


def transport_key(bench: CardBench, cards: ExportedCards) -> bytes:
    kbpk = next(value for key, value in bench.keys.items() if key.label == RECIPIENT)
    header, key = tr31.unwrap(kbpk.reveal(), cards.key_block)
    assert (header.version_id, header.key_usage, header.algorithm) == ("D", "D0", "A")
    assert (header.mode_of_use, header.exportability) == ("D", "N")
    return bytes(key)


def bound(card: str, aid: bytes, identifier: int) -> bytes:
    named = f"cardwright-export-v1\0{card}\0{aid.hex().upper()}\0"
    return named.encode() + identifier.to_bytes(2, "big")


def test_the_recipient_opens_what_the_chip_would_get(bench: CardBench, sealed: SealedItem) -> None:
    cards = exported(bench, sealed)
    (card,) = cards.cards
    assert isinstance(card, ExportedCard)
    (groupings,) = card.applications
    cipher = AESGCM(transport_key(bench, cards))
    opened = {}
    for encoded in groupings.sensitive:
        (dgi,) = parse_all(encoded)
        nonce, rest = dgi.value[:12], dgi.value[12:]
        opened[dgi.id] = cipher.decrypt(nonce, rest, bound("card", groupings.instance_aid, dgi.id))
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, rest, bound("other", groupings.instance_aid, dgi.id))
    inside = chip_keys.parse(bench.opened("chip_keys", "encoding", sealed.sealed))
    keys = inside.applications[groupings.instance_aid]
    clear = [dgi for each in keys.sensitive for dgi in parse_all(each.reveal())]
    assert opened == {dgi.id: dgi.value for dgi in clear}
    assert {0x8000, 0x8010, 0x8201, 0x8205} <= opened.keys()
    assert groupings.plain == keys.plain


def test_each_batch_has_a_transport_key_of_its_own(bench: CardBench, sealed: SealedItem) -> None:
    first, second = exported(bench, sealed), exported(bench, sealed)
    assert transport_key(bench, first) != transport_key(bench, second)
    assert len(transport_key(bench, first)) == 32


def test_one_bad_card_stops_no_other(bench: CardBench, sealed: SealedItem) -> None:
    cards = exported(bench, SealedItem("other", sealed.sealed), sealed, SealedItem("x", b"\xff"))
    moved, good, garbage = cards.cards
    assert (moved, garbage) == ("SEALED_KEY", "SEALED_MALFORMED")
    assert isinstance(good, ExportedCard)


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("partner-bureau/CVK", "HSM_DENIED"),
        ("bureau/KBPK", "HSM_DENIED"),
        ("no/KEK", "KEY_UNKNOWN"),
    ],
)
def test_cards_go_to_recipients_alone(bench: CardBench, recipient: str, code: str) -> None:
    with pytest.raises(HsmError) as caught:
        bench.verbs.export_personalization(caller("export"), recipient, [])
    assert caught.value.code == code


def test_a_live_card_goes_out_under_no_test_key(bench: CardBench, sealed: SealedItem) -> None:
    inside = chip_keys.parse(bench.opened("chip_keys", "encoding", sealed.sealed))
    live = chip_keys.serialized("live", inside.applications.values())
    item = SealedItem("card", bench.sealer.seal_batch("chip_keys", {"card": live})["card"])
    assert exported(bench, item).cards == ("KEY_ENVIRONMENT",)


def test_no_key_shows(bench: CardBench, sealed: SealedItem) -> None:
    cards = exported(bench, sealed)
    assert transport_key(bench, cards).hex().upper() not in cards.key_block.upper()
    assert "sensitive" not in repr(cards.cards)
