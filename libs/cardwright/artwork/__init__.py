"""Card design: ID-1 faces (ISO/IEC 7810) described in YAML and rendered to 300 dpi rasters.

Pure: no network, no database, no clock. The same design and fields give the same bytes.
"""

from cardwright.artwork.errors import (
    DesignAreaError,
    DesignError,
    DesignLoadError,
    FieldError,
    PhotoError,
    TextFitError,
)
from cardwright.artwork.load import load_design
from cardwright.artwork.model import Design
from cardwright.artwork.photo import PhotoInfo, check_photo
from cardwright.artwork.render import FieldValue, RenderedCard, Renderer

__all__ = [
    "Design",
    "DesignAreaError",
    "DesignError",
    "DesignLoadError",
    "FieldError",
    "FieldValue",
    "PhotoError",
    "PhotoInfo",
    "RenderedCard",
    "Renderer",
    "TextFitError",
    "check_photo",
    "load_design",
]
