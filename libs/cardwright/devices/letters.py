"""A PIN mailer as it is printed, and the machine's locked tray where mailers wait for the post."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont

from cardwright.devices import fields
from cardwright.devices.errors import DeviceError

__all__ = ["PIN_FIELD", "PIN_SIZE", "Keep", "Letter", "PostTray", "draw_letter", "parse_letter"]

Keep = Literal["none", "sealed", "all"]

DPI = 100
SIZE = (827, 413)  # DIN long with its stub: 210 mm x 105 mm
PIN_FIELD = (520, 210, 790, 270)
"""Where the PIN stands, in pixels: left, top, right, bottom."""
PIN_SIZE = 36
_MARGIN, _LINE = 55, 22
_LINES = 8
_FEWEST, _MOST = 4, 12


@dataclass(frozen=True, slots=True)
class Letter:
    """What is printed on a form; repr shows nothing of it."""

    lines: tuple[str, ...] = field(repr=False)
    issuer: str = field(repr=False)
    last_four: str = field(repr=False)
    pin: str = field(repr=False)


def parse_letter(body: bytes) -> Letter:
    """Read a PRINT command's body; BAD_LETTER names no value of it."""
    try:
        content = json.loads(body)
        lines, pin = content["lines"], content["pin"]
        letter = Letter(tuple(lines), content["issuer"], content["last_four"], pin)
    except (ValueError, RecursionError, KeyError, TypeError):
        # The cause is dropped on purpose: it would quote the letter.
        raise _bad_letter() from None
    if not (isinstance(lines, list) and 0 < len(lines) <= _LINES and _printable(letter)):
        raise _bad_letter()
    if not (pin.isascii() and pin.isdecimal() and _FEWEST <= len(pin) <= _MOST):
        raise _bad_letter()
    return letter


def _printable(letter: Letter) -> bool:
    texts: tuple[Any, ...] = (*letter.lines, letter.issuer, letter.last_four, letter.pin)
    return all(fields.is_text(text) for text in texts)


def _bad_letter() -> DeviceError:
    what = "the body is a JSON object with lines (1-8 texts), issuer, last_four and pin (digits)"
    return DeviceError("BAD_LETTER", what)


def draw_letter(letter: Letter, form: str, *, opened: bool) -> bytes:
    """Draw a mailer, sealed or as its reader sees it once the field is scratched; a PNG."""
    sheet = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(sheet)
    address = "\n".join(letter.lines)
    draw.text((_MARGIN, 30), letter.issuer, 0, _font(_LINE + 4))
    draw.multiline_text((_MARGIN, 85), address, 0, _font(_LINE), spacing=6)
    draw.text((PIN_FIELD[0], 175), f"Card ending in {letter.last_four}", 0, _font(18))
    draw.text((PIN_FIELD[0], 370), form, 90, _font(15))
    if opened:
        left, top, right, bottom = PIN_FIELD
        middle = ((left + right) / 2, (top + bottom) / 2)
        draw.text(middle, letter.pin, 0, _font(PIN_SIZE), anchor="mm")
    else:
        _conceal(draw)
    draw.rectangle(PIN_FIELD, outline=0, width=2)
    file = io.BytesIO()
    sheet.save(file, "PNG", dpi=(DPI, DPI), compress_level=1)
    return file.getvalue()


def _conceal(draw: ImageDraw.ImageDraw) -> None:
    """Cover the PIN's field: the same pattern whatever lies below."""
    left, top, right, bottom = PIN_FIELD
    draw.rectangle(PIN_FIELD, fill=150)
    for x in range(left - (bottom - top), right, 6):
        begin, end = max(x, left), min(x + bottom - top, right)
        draw.line(((begin, bottom - (begin - x)), (end, bottom - (end - x))), fill=90, width=2)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class PostTray:
    """The locked trays of one machine: ``post`` for the postman, ``stuck`` for a person.

    A mailer is a folder, named by its form: ``sealed.png`` as anybody may see it, ``opened.png``
    for who breaks the seal. It drops into ``post`` whole, by one rename; what a death left of one
    goes to ``stuck``. ``keep`` says what of the two stays on this disk.
    """

    def __init__(self, root: Path, keep: Keep) -> None:
        self._post, self._stuck, self._path = root / "post", root / "stuck", root / "path"
        self._keep = keep
        for folder in (self._post, self._stuck, self._path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, form: str) -> None:
        """Take a form into the paper path."""
        (self._path / form).mkdir(mode=0o700)

    def deliver(self, form: str, letter: Letter) -> None:
        """Print and seal the form, and let it drop into the post tray."""
        path = self._path / form
        if self._keep != "none":
            (path / "sealed.png").write_bytes(draw_letter(letter, form, opened=False))
        if self._keep == "all":
            (path / "opened.png").write_bytes(draw_letter(letter, form, opened=True))
        path.rename(self._post / form)

    def shred(self, form: str) -> None:
        """Draw a ruined form into the machine's own shredder."""
        shutil.rmtree(self._path / form, ignore_errors=True)

    def posted(self, form: str) -> bool:
        """Whether the mailer lies in the post tray."""
        return (self._post / form).is_dir()

    def set_stuck(self, form: str) -> None:
        """Leave what a death left of a form for a person; no such form is in the path otherwise."""
        if (self._path / form).is_dir():
            (self._path / form).rename(self._stuck / form)
