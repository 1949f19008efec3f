"""The applications on the card: their memory, their locks, what they see of the chip."""

from __future__ import annotations

from collections.abc import Callable, ValuesView
from dataclasses import dataclass, field

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.mask import MODULES
from cardwright.chip.profile import Profile

__all__ = ["ISD_AID", "Registry"]

ISD_AID = bytes.fromhex("A000000151000000")
"""The Issuer Security Domain's default AID (GP 2.3.1, H.1.3)."""


@dataclass(slots=True, repr=False)
class Registry:
    """The instances by AID, in the order of their installation.

    Attributes:
        contactless: how the chip is powered now.
    """

    profile: Profile
    random: Callable[[int], bytes]
    contactless: bool = False
    _instances: dict[bytes, Applet] = field(default_factory=dict)

    @property
    def applets(self) -> ValuesView[Applet]:
        """All instances."""
        return self._instances.values()

    def power_on(self, *, contactless: bool) -> None:
        """Tell every application, and have it forget what was volatile."""
        self.contactless = contactless
        for applet in self.applets:
            self._wire(applet)

    def find(self, aid: bytes) -> Applet:
        """The instance of that name, or 6A88."""
        applet = self._instances.get(aid)
        if applet is None:
            raise Refusal(Status.NO_REFERENCE)
        return applet

    def add(self, applet: Applet) -> None:
        """Take a new instance in: 6985 for a name that is taken, 6A84 when there is no room."""
        if applet.aid in self._instances or applet.aid == ISD_AID:
            raise Refusal(Status.NOT_NOW)
        full = len(self._instances) >= self.profile.applications
        if full or applet.size > self._free():
            raise Refusal(Status.NO_MEMORY)
        self.put(applet)

    def put(self, applet: Applet) -> None:
        """Take an instance in as it is: one that was there before a power-down."""
        self._wire(applet)
        self._instances[applet.aid] = applet

    def delete(self, aid: bytes) -> None:
        """Delete an instance; the domain and the mask's packages stay: 6985 (GP 2.3.1, 11.2)."""
        if aid == ISD_AID or any(aid == package for package, _ in MODULES):
            raise Refusal(Status.NOT_NOW)
        del self._instances[self.find(aid).aid]

    def room_for(self, applet: Applet) -> int:
        """How large that instance may become."""
        return self._free() + applet.size

    def lock(self, aid: bytes, *, locked: bool) -> None:
        """To LOCKED or back; 6985 when it is so already (GP 2.3.1, 11.10.2.2)."""
        applet = self.find(aid)
        if applet.locked == locked:
            raise Refusal(Status.NOT_NOW)
        applet.locked = locked

    def lock_all(self, *, locked: bool) -> None:
        """Every application to LOCKED or back; those that are so already stay."""
        for applet in self.applets:
            applet.locked = locked

    def _wire(self, applet: Applet) -> None:
        applet.contactless, applet.random = self.contactless, self.random
        applet.reset()

    def _free(self) -> int:
        return self.profile.memory - sum(each.size for each in self.applets)
