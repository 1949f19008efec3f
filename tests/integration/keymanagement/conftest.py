from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.keymanagement.module.provision import BACKENDS, PKCS11, create
from tests.integration.keymanagement.module_process import ISSUER, ModuleProcess
from tests.support import softhsm


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """What holds the keys: whatever the module does, it does over each."""
    if request.param == PKCS11 and (reason := softhsm.missing()):
        pytest.skip(reason)
    return str(request.param)


@contextmanager
def made_keys(backend: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-keys-"))
    make = softhsm.create_keys if backend == PKCS11 else create
    make(folder, [ISSUER], ["site-1"])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def keys(backend: str) -> Iterator[Path]:
    with made_keys(backend) as folder:
        yield folder


@contextmanager
def started(keys: Path) -> Iterator[ModuleProcess]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-hsm-"))  # short: a socket's path is limited
    process = ModuleProcess(keys, folder / "s")
    process.start()
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def module(keys: Path) -> Iterator[ModuleProcess]:
    """For tests that leave it running."""
    with started(keys) as process:
        yield process


@pytest.fixture
def own_module(keys: Path) -> Iterator[ModuleProcess]:
    """For tests that end it."""
    with started(keys) as process:
        yield process
