"""Ways to a chip card: in this process, in a PC/SC reader, in a virtual one."""

from cardwright.reader.apdu import WholeAnswers, transmit
from cardwright.reader.inprocess import InProcessCard
from cardwright.reader.pcsc import PcscCard, connect, readers
from cardwright.reader.port import CardConnection, ReaderError
from cardwright.reader.vpcd import VpcdCard, VpcdReader
from cardwright.reader.watch import Slot, Watch, watch

__all__ = [
    "CardConnection",
    "InProcessCard",
    "PcscCard",
    "ReaderError",
    "Slot",
    "VpcdCard",
    "VpcdReader",
    "Watch",
    "WholeAnswers",
    "connect",
    "readers",
    "transmit",
    "watch",
]
