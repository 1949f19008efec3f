"""What a terminal knows in the middle of a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cardwright.issuerhost.messages import ChipData
from cardwright.secret import SecretText
from cardwright.terminal import dol
from cardwright.terminal.card import Channel
from cardwright.terminal.certificates import RsaPublicKey
from cardwright.terminal.flags import Aip, Tsi, Tvr
from cardwright.terminal.profile import Profile, TransactionRequest
from cardwright.terminal.results import CvmResults, OdaResult

__all__ = ["Session"]


@dataclass(slots=True, repr=False, kw_only=True)
class Session:
    """A transaction in progress; each step of it reads and advances this.

    Attributes:
        profile: the terminal.
        request: what is asked of it.
        channel: the card.
        random: returns so many unpredictable octets.
        card: data objects that came from the card.
        terminal: data objects that are the terminal's, the profile's and the request's included.
        given: values that the card was last given in a CDOL; its cryptogram is over these.
        aid: name of the selected application.
        aip: what the application can do.
        afl: where its records are: file, first, last, how many of them are signed.
        static_data: what offline data authentication covers; None when a record can't be signed.
        pdol_data: values sent with GET PROCESSING OPTIONS; likewise ``cdol_data`` of both CDOLs.
        tvr: terminal verification results.
        tsi: transaction status information.
        cvm: results of cardholder verification.
        oda: result of offline data authentication.
        icc_key: the card's public key, once its certificate was verified.
        bad_signature: whether a cryptogram came with a signature that does not hold.
        findings: codes of what went wrong without ending the transaction, in order.
        pins: what the cardholder can still key in.
        first: the first cryptogram with its data.
        final: the last one.
        scripts: issuer script results (9F5B), 5 octets each.
        selected_by: ``PSE`` or ``AID_LIST``.
    """

    profile: Profile
    request: TransactionRequest
    channel: Channel
    random: Callable[[int], bytes]
    card: dict[int, bytes] = field(default_factory=dict)
    terminal: dict[int, bytes] = field(default_factory=dict)
    given: dict[int, bytes] = field(default_factory=dict)
    aid: bytes = b""
    aip: Aip = field(default_factory=lambda: Aip(0))
    afl: tuple[tuple[int, int, int, int], ...] = ()
    static_data: bytes | None = b""
    pdol_data: bytes = b""
    cdol_data: bytes = b""
    tvr: Tvr = field(default_factory=lambda: Tvr(0))
    tsi: Tsi = field(default_factory=lambda: Tsi(0))
    cvm: CvmResults = field(default_factory=CvmResults)
    oda: OdaResult = field(default_factory=OdaResult)
    icc_key: RsaPublicKey | None = None
    bad_signature: bool = False
    findings: list[str] = field(default_factory=list)
    pins: list[SecretText] = field(default_factory=list)
    first: ChipData | None = None
    final: ChipData | None = None
    scripts: list[bytes] = field(default_factory=list)
    selected_by: str = ""

    def value(self, tag: int) -> bytes | None:
        """Return a data object: a status as it is now, the terminal's, or the card's."""
        if tag == 0x95:
            return self.tvr.encode()
        if tag == 0x9B:
            return self.tsi.encode()
        if tag == 0x9F34:
            return self.cvm.encode()
        return self.terminal.get(tag, self.card.get(tag))

    def fill(self, dol_value: bytes) -> list[tuple[int, bytes]]:
        """Return what a data object list asks for; raises as ``dol.fill``."""
        return dol.fill(dol_value, self.value)
