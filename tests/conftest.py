"""What holds for every test of the house."""

from __future__ import annotations

from hypothesis import settings

# No test asserts a wall time, and a machine that is busy with other tests is no finding.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
