"""Makes what a line of containers needs before it runs, where it is missing; then ends.

Roles, databases and migrations on CARDWRIGHT_POSTGRES, topics on CARDWRIGHT_KAFKA, and test keys,
tokens and passwords in CARDWRIGHT_STATE. It may run again: what is there stays.
"""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit, urlunsplit

from cardwright.line.databases import migrate_all
from cardwright.line.layout import SITE, Layout, repository
from cardwright.line.line import issuers_of, make_keys
from cardwright.line.processes import make_folders
from cardwright.line.topics import topics_of
from cardwright.localstack.choose import choose_stack, state_dir
from cardwright.localstack.topics import ensure_topics

_PARTITIONS = 4


async def main() -> None:
    """Set up, step by step."""
    stack = choose_stack()
    if stack.kafka is None or stack.postgres is None:
        sys.exit("SETTINGS: set CARDWRIGHT_KAFKA and CARDWRIGHT_POSTGRES")
    server = urlsplit(stack.postgres)
    layout = Layout(state_dir())
    await make_folders(layout)
    await migrate_all(lambda name: urlunsplit(server._replace(path=f"/{name}")), layout.password)
    issuers = issuers_of(repository() / "catalogue")
    await ensure_topics(stack.kafka, topics_of(issuers, SITE, _PARTITIONS))
    await asyncio.to_thread(make_keys, layout, issuers)


if __name__ == "__main__":
    asyncio.run(main())
