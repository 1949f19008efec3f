"""Stripe encoders with the MSR206 family's serial command set (MSR605 manual, rev. B, 2009)."""

from cardwright.msr.encoder import MsrEncoder
from cardwright.msr.errors import MsrError
from cardwright.msr.serialport import SerialPort

__all__ = ["MsrEncoder", "MsrError", "SerialPort"]
