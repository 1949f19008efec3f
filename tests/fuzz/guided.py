"""One target under atheris, as a program of its own: libFuzzer ends the process when it is done."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["cardwright"]):
    from tests.fuzz.all_targets import TARGETS

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]].run)
    atheris.Fuzz()
