"""What an auditor of a local line is given: a role that reads, the topic, the signers' keys."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.audit.sources import EventsTopic, PostgresLog
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.databases import database_of
from cardwright.line.layout import Layout
from cardwright.secret import SecretText

__all__ = ["Evidence", "evidence_of"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both copies of the log, and the public keys of all signers by key id."""

    log: PostgresLog
    published: EventsTopic
    public_keys: dict[str, bytes]


async def evidence_of(layout: Layout, bootstrap: str) -> Evidence:
    """Open what an audit needs. The keys come from the security module of the line."""
    ports = layout.ports()
    token = SecretText(layout.token_file("operator").read_text().strip())
    async with GrpcSecurityModule(f"127.0.0.1:{ports['hsm']}", token) as module:
        keys = {key.key_id: key.value for key in await module.public_keys("sign/")}
    role, database = "cw_auditor", database_of("custody")
    dsn = f"postgresql://{role}:{layout.password(role)}@127.0.0.1:{ports['postgres']}/{database}"
    return Evidence(PostgresLog(SecretText(dsn)), EventsTopic(bootstrap), keys)
