"""What all families of verbs stand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from services.keymanagement.module.backend import Backend
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.pool.marks import load_marks
from services.keymanagement.module.pool.pairs import PairPool
from services.keymanagement.module.pool.store import POOL_FILE, PairStore
from services.keymanagement.module.sections import Sections

__all__ = ["Stores", "VerbsBase"]


@dataclass(frozen=True, slots=True)
class Stores:
    """What the module keeps beside keys; the same for all tokens.

    Attributes:
        certificates: of issuers' keys.
        pool: cards' key pairs.
    """

    certificates: CertificateStore
    pool: PairPool

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Open those of a keys folder.

        Raises:
            HsmError: POOL_MARKS.
        """
        pool = PairPool(PairStore(folder / POOL_FILE), load_marks(folder))
        return cls(CertificateStore(folder), pool)


class VerbsBase:
    """The keys that verbs use, and the sections that they open and seal.

    Args:
        backend: holds the keys.
        directory: says which of them may be used now.
        stores: what verbs need besides.
    """

    def __init__(self, backend: Backend, directory: KeyDirectory, stores: Stores) -> None:
        self._backend = backend
        self._directory = directory
        self._stores = stores
        self._sections = Sections(backend, directory)
