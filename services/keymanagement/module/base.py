"""What all families of verbs stand on."""

from __future__ import annotations

from services.keymanagement.module.backend import Backend
from services.keymanagement.module.directory import KeyDirectory
from services.keymanagement.module.sections import Sections

__all__ = ["VerbsBase"]


class VerbsBase:
    """The keys that verbs use, and the sections that they open and seal.

    Args:
        backend: holds the keys.
        directory: says which of them may be used now.
    """

    def __init__(self, backend: Backend, directory: KeyDirectory) -> None:
        self._backend = backend
        self._directory = directory
        self._sections = Sections(backend, directory)
