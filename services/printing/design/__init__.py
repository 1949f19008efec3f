"""Card design: ID-1 faces (ISO/IEC 7810) described in YAML and rendered to 300 dpi rasters.

Pure: no network, no database, no clock. The same design and fields give the same bytes.
"""

from services.printing.design.errors import (
    DesignAreaError,
    DesignError,
    DesignLoadError,
    FieldError,
    PhotoError,
    TextFitError,
)
from services.printing.design.load import load_design
from services.printing.design.model import Design
from services.printing.design.photo import PhotoInfo, check_photo
from services.printing.design.render import FieldValue, RenderedCard, Renderer

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
