"""``serve.py SERVICE``: become a service, with the passwords that setup.py left in the state."""

from __future__ import annotations

import os
import sys

from cardwright.line.databases import database_of, role_of
from cardwright.line.layout import SERVICES, Layout
from cardwright.localstack.choose import state_dir

_HOST = "postgres:5432"  # as docker-compose.yml names it


def environment(service: str, layout: Layout) -> dict[str, str]:
    """Return what a service is told beside what its container is told: its own DSNs and token."""
    role = role_of(service)
    server = f"postgresql://{role}:{layout.password(role)}@{_HOST}"
    return {
        "CARDWRIGHT_DATABASE": f"{server}/{database_of(service)}",
        "CARDWRIGHT_VAULT": f"{server}/{database_of('vault')}",
        "CARDWRIGHT_DATAKEYS": f"{server}/{database_of('datakeys')}",
        "CARDWRIGHT_HSM_TOKEN": str(layout.token_file(service)),
    }


def main() -> None:
    """Replace this process by the service's."""
    service = sys.argv[1] if len(sys.argv) > 1 else ""
    if service not in SERVICES:
        sys.exit(f"SERVICE_UNKNOWN: there are {', '.join(SERVICES)}")
    os.environ.update(environment(service, Layout(state_dir())))
    program = [sys.executable, "-m", f"services.{service}"]
    os.execv(sys.executable, program)  # noqa: S606 - this process becomes the service


if __name__ == "__main__":
    main()
