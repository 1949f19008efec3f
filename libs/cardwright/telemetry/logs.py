"""One JSON object a line, with the card and trace where there is one."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType

__all__ = ["configure_logs"]

_EXTRAS = ("card_id", "trace_id", "order_id", "code", "count", "device")


class _JsonFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.name == "asyncio":
            # What follows the first line is the repr of tasks, exceptions and all.
            entry["message"] = record.getMessage().partition("\n")[0]
        entry |= {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            # A message of an exception from elsewhere may quote data: its type and place suffice.
            cause = _first_of(record.exc_info[1])
            entry["error"] = type(cause).__name__
            entry["where"] = _places(cause.__traceback__)
        return json.dumps(entry, default=str)


def _first_of(error: BaseException) -> BaseException:
    """Return what made a task group fail: the group itself says nothing."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places


def _log_the_end(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what ends the process; Python's own words would hold the exception's message."""
    logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error, trace))


def configure_logs(service: str, level: int = logging.INFO) -> None:
    """Send all logs of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    sys.excepthook = _log_the_end
    for noisy in ("aiokafka", "asyncio", "grpc"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
