"""What all families of verbs stand on."""

from __future__ import annotations

from services.keymanagement.module.backend import Backend, KeyDirectory
from services.keymanagement.module.sections import Sections

__all__ = ["VerbsBase"]


class VerbsBase:
    """The keys that verbs use, and the sections that they open and seal."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._directory = KeyDirectory(backend.keys())
        self._sections = Sections(backend, self._directory)
