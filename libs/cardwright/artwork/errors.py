"""What can go wrong with a design, a field or a photo; each error carries a code.

    DesignError
    |- DesignLoadError   DESIGN_NOT_FOUND, DESIGN_INVALID
    |  `- DesignAreaError   DESIGN_SAFE_AREA, DESIGN_KEEP_OUT
    |- FieldError        DESIGN_FIELD_MISSING, DESIGN_FIELD_TYPE, DESIGN_TEXT_GLYPH,
    |  |                 DESIGN_BARCODE_CONTENT, DESIGN_BARCODE_FIT
    |  `- TextFitError   DESIGN_TEXT_FIT
    `- PhotoError        PHOTO_NOT_AN_IMAGE, PHOTO_TOO_SMALL, PHOTO_TOO_LARGE

Messages name the field and its place in the design, never its value.
"""

from __future__ import annotations

__all__ = [
    "DesignAreaError",
    "DesignError",
    "DesignLoadError",
    "FieldError",
    "PhotoError",
    "TextFitError",
]


class DesignError(Exception):
    """Base of this package's errors.

    Attributes:
        code: stable UPPER_SNAKE name of what happened, safe to log and to show.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class DesignLoadError(DesignError):
    """The design's folder can't be used as it stands; its author must correct it."""


class DesignAreaError(DesignLoadError):
    """A layer leaves the safe area or enters a keep-out; the message lists every place in mm."""


class FieldError(DesignError):
    """One card's field can't be set in this design; the card needs a person's decision."""


class TextFitError(FieldError):
    """The text is too wide even at the layer's smallest size."""

    def __init__(self, message: str) -> None:
        super().__init__("DESIGN_TEXT_FIT", message)


class PhotoError(DesignError):
    """The photo is no usable JPEG or PNG; ask its sender for another."""
