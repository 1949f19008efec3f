"""Tokens that go away: what comes back is used again, what stays away is a fault that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cardwright.hsm.points import point
from cardwright.hsm.port import DerivedCardKeys, HsmError, WrappedDataKey
from cardwright.station.faults import is_passing
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.pkcs11.holders import token_label
from services.keymanagement.module.pkcs11.tokens import Pkcs11Tokens
from tests.support.softhsm import House, library, missing
from tests.support.unplugged import LOSSES, Plug, plugged
from tests.unit.keymanagement.module_kit import EMV_MASTERS, Kit, caller

DATAPREP, PRINTING = "dataprep.site-1", "printing.site-1"


@pytest.fixture(scope="module")
def house() -> House:
    if reason := missing():
        pytest.skip(reason)
    return House()


@pytest.fixture(scope="module")
def cvk(house: House) -> Key:
    return house.store.generate("issuer/CVK", 1, Usage.CVK, Usage.CVK.algorithms[0])


@pytest.fixture(scope="module")
def signing(house: House) -> Key:
    return house.store.generate(f"sign/{PRINTING}", 1, Usage.SIGN, Usage.SIGN.algorithms[0])


@pytest.fixture
def plug(house: House) -> Iterator[Plug]:
    del house
    with plugged(library().lib) as plug:
        yield plug


def of(house: House, name: str) -> Backend:
    return house.tokens.of(name, house.logins[name])


def close_sessions(house: House) -> None:
    for name in (DATAPREP, PRINTING):
        library().lib.closeAllSessions(library().slot(token_label(house.name, name)))


def log_out(house: House) -> None:
    for name in (DATAPREP, PRINTING):
        slot = library().slot(token_label(house.name, name))
        session = library().lib.openSession(slot)
        session.logout()
        session.closeSession()


def finalize(house: House) -> None:
    del house
    assert library().lib.lib.C_Finalize() == 0


@pytest.mark.parametrize("lose", [close_sessions, log_out, finalize])
def test_what_was_lost_underneath_is_opened_again(
    house: House, cvk: Key, signing: Key, lose: Callable[[House], None]
) -> None:
    cipher, printing = of(house, DATAPREP).tdes(cvk), of(house, PRINTING)
    enciphered, signature = cipher.encrypt(bytes(8)), printing.sign(signing, b"p")
    # By turns: the first to come takes the numbers of sessions and keys that were the other's.
    for first in (PRINTING, DATAPREP, PRINTING, DATAPREP):
        lose(house)
        for name in (first, PRINTING, DATAPREP):
            if name == PRINTING:
                assert printing.sign(signing, b"p") == signature
            else:
                assert cipher.encrypt(bytes(8)) == enciphered


@pytest.mark.parametrize("name", LOSSES)
def test_a_call_that_fails_once_is_made_again(
    house: House, cvk: Key, plug: Plug, name: str
) -> None:
    cipher = of(house, DATAPREP).tdes(cvk)
    enciphered = cipher.encrypt(bytes(8))
    plug.pull(LOSSES[name], calls=1)
    assert cipher.encrypt(bytes(8)) == enciphered
    plug.pull(LOSSES[name], calls=1, only="C_Encrypt")  # in mid-operation
    assert cipher.encrypt(bytes(8)) == enciphered
    assert "C_Login" in plug.calls


@pytest.mark.parametrize("name", LOSSES)
def test_what_stays_away_passes_and_what_comes_back_works(
    house: House, cvk: Key, plug: Plug, name: str
) -> None:
    cipher = of(house, DATAPREP).tdes(cvk)
    enciphered = cipher.encrypt(bytes(8))
    plug.pull(LOSSES[name])
    for _ in range(2):
        with pytest.raises(HsmError) as caught:
            cipher.encrypt(bytes(8))
        assert caught.value.code == "BACKEND_UNAVAILABLE"
        assert is_passing(caught.value)
    plug.push()
    assert cipher.encrypt(bytes(8)) == enciphered


def test_what_is_no_loss_is_not_repeated(house: House, cvk: Key, plug: Plug) -> None:
    cipher = of(house, DATAPREP).tdes(cvk)
    cipher.encrypt(bytes(8))
    plug.calls.clear()
    plug.pull(0x063, calls=1, only="C_EncryptInit")  # CKR_KEY_TYPE_INCONSISTENT
    with pytest.raises(HsmError) as caught:
        cipher.encrypt(bytes(8))
    assert caught.value.code == "BACKEND_REFUSED"
    assert plug.calls.count("C_EncryptInit") == 1
    assert not is_passing(caught.value)
    cipher.encrypt(bytes(8))


def test_a_token_that_is_away_from_the_start_is_opened_once_it_is_there(
    house: House, cvk: Key, plug: Plug
) -> None:
    tokens = Pkcs11Tokens(library(), house.name)
    plug.pull(LOSSES["CKR_TOKEN_NOT_PRESENT"])
    with pytest.raises(HsmError) as caught:
        tokens.of(DATAPREP, house.logins[DATAPREP])
    assert caught.value.code == "BACKEND_UNAVAILABLE"
    plug.push()
    assert tokens.of(DATAPREP, house.logins[DATAPREP]).tdes(cvk).encrypt(bytes(8))


@pytest.mark.parametrize("function", ["C_CreateObject", "C_GenerateKeyPair", "C_DestroyObject"])
def test_a_change_whose_answer_was_lost_is_there_once(
    house: House, plug: Plug, function: str
) -> None:
    version = {"C_CreateObject": 11, "C_GenerateKeyPair": 12, "C_DestroyObject": 13}[function]
    plug.pull(LOSSES["CKR_DEVICE_REMOVED"], calls=1, only=function, after=True)
    shared = house.store.generate("issuer/CVK", version, Usage.CVK, Usage.CVK.algorithms[0])
    pair = house.store.generate(f"sign/{PRINTING}", version, Usage.SIGN, Usage.SIGN.algorithms[0])
    dataprep, printing = (
        house.tokens.of(name, house.logins[name]) for name in (DATAPREP, PRINTING)
    )
    assert dataprep.held().count(shared) == 1
    assert printing.held().count(pair) == 1
    assert house.store.held().count(shared) == 1
    plug.pull(LOSSES["CKR_DEVICE_REMOVED"], calls=1, only="C_DestroyObject", after=True)
    house.store.destroy(shared)
    house.store.destroy(pair)
    assert shared not in set(dataprep.keys())
    assert pair not in set(printing.keys())


@pytest.fixture(scope="module")
def kit(house: House) -> Kit:
    del house
    return Kit(House())


def test_a_batch_fails_as_a_whole_and_may_be_asked_again(kit: Kit, plug: Plug) -> None:
    """That the token is away says nothing of a card: no card is refused for it."""
    items = kit.recipes(["one", "two"], EMV_MASTERS)
    kit.verbs.derive_card_keys(caller("keymanagement"), items)
    # Fresh ones: the agreement of the others is remembered.
    items = kit.recipes(["one", "two"], EMV_MASTERS)
    plug.pull(LOSSES["CKR_DEVICE_REMOVED"])
    with pytest.raises(HsmError) as caught:
        kit.verbs.derive_card_keys(caller("keymanagement"), items)
    assert caught.value.code == "BACKEND_UNAVAILABLE"
    plug.push()
    derived = kit.verbs.derive_card_keys(caller("keymanagement"), items)
    assert all(isinstance(each, DerivedCardKeys) for each in derived)


def test_a_data_key_is_not_refused_for_a_token_that_is_away(kit: Kit, plug: Plug) -> None:
    printing = caller("printing")
    (public,) = kit.verbs.public_keys(printing, "section/print")
    ephemeral = point(ec.generate_private_key(ec.SECP256R1()).public_key())
    item = WrappedDataKey("card", public.key_id, ephemeral, bytes(40))
    plug.pull(LOSSES["CKR_SESSION_HANDLE_INVALID"])
    with pytest.raises(HsmError) as caught:
        kit.verbs.unwrap_data_keys(printing, "print", [item])
    assert caught.value.code == "BACKEND_UNAVAILABLE"
    plug.push()
    assert kit.verbs.unwrap_data_keys(printing, "print", [item]) == [None]
