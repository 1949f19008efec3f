"""EMV Book 3, 6.5.12 and 10.5.1, and Book 2, 7: a PIN that the card verifies itself."""

from __future__ import annotations

from cardwright.iso.apdu import SW, CommandApdu
from cardwright.terminal.certificates import RsaPublicKey
from cardwright.terminal.errors import AuthenticationError
from cardwright.terminal.flags import Tvr
from cardwright.terminal.offline import card_key, certified_key
from cardwright.terminal.session import Session

__all__ = ["pin_block", "verify_offline"]

_PLAINTEXT, _ENCIPHERED = 0x80, 0x88
_PIN_KEY = (0x9F2D, 0x9F2F, 0x9F2E)


def verify_offline(session: Session, *, enciphered: bool) -> bool:
    """Let the card verify what the cardholder keys in, again and again while it has tries left.

    Sets the TVR's bits for an exceeded limit and for a PIN that was not entered.

    Raises:
        CardLinkError: the card does not answer.
    """
    tries = session.channel.get_data(0x9F17)
    if tries == b"\x00":
        return _blocked(session)
    try:
        key = _encipherment_key(session) if enciphered else None
    except AuthenticationError as error:
        session.findings.append(f"PIN_KEY_{error.code}")
        return False
    while session.pins:
        block = pin_block(session.pins.pop(0).reveal())
        sw = _verify(session, block, key)
        if sw == SW.OK:
            return True
        if sw in {0x63C0, SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE}:
            return _blocked(session)
        if sw is None or sw >> 4 != 0x63C:
            session.findings.append("PIN_REFUSED")
            return False
        session.findings.append("PIN_WRONG")
    session.tvr |= Tvr.PIN_NOT_ENTERED
    return False


def pin_block(pin: str) -> bytes:
    """Return a PIN block for VERIFY, 8 octets (Book 3, table 24; ISO 9564-1 format 2)."""
    return bytes.fromhex(f"2{len(pin):X}{pin}".ljust(16, "F"))


def _verify(session: Session, block: bytes, key: RsaPublicKey | None) -> int | None:
    """Send VERIFY and return its status word; None when the card gives no challenge."""
    if key is None:
        return session.channel.send(CommandApdu(0x00, 0x20, 0x00, _PLAINTEXT, block)).sw
    challenge = session.channel.send(CommandApdu(0x00, 0x84, 0, 0, le=256))
    if not challenge.ok or len(challenge.data) != 8:
        return None
    head = b"\x7f" + block + challenge.data
    padded = head + session.random(len(key.modulus) - len(head))
    return session.channel.send(CommandApdu(0x00, 0x20, 0x00, _ENCIPHERED, key.apply(padded))).sw


def _encipherment_key(session: Session) -> RsaPublicKey:
    """Return the key of 9F2D, or the card's own key where there is none (Book 2, 7.1)."""
    if _PIN_KEY[0] in session.card:
        return certified_key(session, _PIN_KEY, b"")
    return session.icc_key or card_key(session)


def _blocked(session: Session) -> bool:
    session.tvr |= Tvr.PIN_TRY_LIMIT_EXCEEDED
    session.findings.append("PIN_BLOCKED")
    return False
