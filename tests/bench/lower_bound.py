"""What one card costs at the very least: the bare crypto, COPY and produce calls, and no service.

Batches are as large as the line's (a hundred cards), so what is paid once a batch is shared. The
rows and messages have the sizes that this run's line wrote.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import process_time

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from nacl.signing import SigningKey

from cardwright.bus import Outbound, Producer
from cardwright.localstack.topics import TopicSpec, ensure_topics
from tests.bench.bench_line import BenchLine
from tests.bench.procfs import usage

__all__ = ["Bound", "lower_bound"]

_CARDS = 100  # a batch
_REPEATS = 10
_SECTIONS = 7
_EVENTS = 9
_WORK_ROWS = 8
_MESSAGES = 1 + 8 + _EVENTS + 8 + 4  # the request, facts, events, orders, outcomes
_SIGNATURES = 9  # batches that a card's facts travel in, custody's own among them
_TABLE = "CREATE TABLE bench (id uuid, number integer, body bytea, PRIMARY KEY (id, number))"


@dataclass(frozen=True, slots=True)
class Bound:
    """CPU milliseconds a card, of every process that took part."""

    crypto_ms: float
    copy_ms: float
    produce_ms: float

    @property
    def total_ms(self) -> float:
        """All of it."""
        return self.crypto_ms + self.copy_ms + self.produce_ms


async def lower_bound(line: BenchLine) -> Bound:
    """Measure on this line's own database and broker, which must be at rest."""
    size = int(await line.under_test.log.fetchval("SELECT avg(length(body)) FROM event"))
    return Bound(_crypto(), await _copy(line, size), await _produce(line, size))


def _crypto() -> float:
    began = process_time()
    for _ in range(_REPEATS):
        _batch_of_crypto()
    return (process_time() - began) / (_REPEATS * _CARDS) * 1000


def _batch_of_crypto() -> None:
    curve, section = ec.SECP256R1(), os.urandom(600)
    keys = [ec.generate_private_key(curve) for _ in range(_SECTIONS)]
    peer = ec.generate_private_key(curve)
    signature = peer.sign(section, ec.ECDSA(SHA256()))
    for key in keys:  # sealing and opening: an agreement each, a section and batch
        shared = key.exchange(ec.ECDH(), peer.public_key())
        peer.exchange(ec.ECDH(), key.public_key())
        for number in range(_CARDS):
            _seal_and_open(shared, section, b"%d" % number)
    for _ in range(_CARDS):
        # The request's signature and envelope; the issued values' envelope.
        peer.public_key().verify(signature, section, ec.ECDSA(SHA256()))
        peer.exchange(ec.ECDH(), keys[0].public_key())
        ec.generate_private_key(curve).exchange(ec.ECDH(), peer.public_key())
    for _ in range(_CARDS * _EVENTS * 3):  # the fact's leaf, about a node of its tree, the event
        sha256(section).digest()
    signer = SigningKey.generate()
    for _ in range(_SIGNATURES):
        signer.verify_key.verify(signer.sign(section))


def _seal_and_open(shared: bytes, section: bytes, context: bytes) -> None:
    key, nonce = os.urandom(32), os.urandom(12)
    wrapped = aes_key_wrap(HKDF(SHA256(), 32, None, context).derive(shared), key)
    sealed = AESGCM(key).encrypt(nonce, section, context)
    opened = aes_key_unwrap(HKDF(SHA256(), 32, None, context).derive(shared), wrapped)
    AESGCM(opened).decrypt(nonce, sealed, context)


async def _copy(line: BenchLine, size: int) -> float:
    """Copy a batch's events, work rows and sections, a transaction a step as the line has them."""
    db = await asyncpg.connect(line.under_test.line.superuser_dsn("postgres"))
    try:
        await db.execute(_TABLE)
        count = _meter(line, "postgres")
        began = count()
        for batch in range(_REPEATS):
            ids = [os.urandom(16).hex() for _ in range(_CARDS)]
            for number in range(_EVENTS + _WORK_ROWS + _SECTIONS):
                records = [(card, batch * 100 + number, bytes(size)) for card in ids]
                await db.copy_records_to_table("bench", records=records)
        return (count() - began) / (_REPEATS * _CARDS) * 1000
    finally:
        await db.execute("DROP TABLE IF EXISTS bench")
        await db.close()


async def _produce(line: BenchLine, size: int) -> float:
    bootstrap = line.under_test.line.bootstrap
    await ensure_topics(bootstrap, [TopicSpec("bench", 4, 3_600_000)])
    broker = "kafka" if "kafka" in line.pids else "broker"
    async with Producer(bootstrap, client_id="bench") as producer:
        count = _meter(line, broker)
        began = count()
        for _ in range(_REPEATS):
            for step in range(_MESSAGES):
                await producer.send(
                    Outbound("bench", f"{step}-{card}", bytes(size)) for card in range(_CARDS)
                )
        return (count() - began) / (_REPEATS * _CARDS) * 1000


def _meter(line: BenchLine, server: str) -> Callable[[], float]:
    """Return what tells the CPU seconds of this process and a server together."""
    pid = line.pids[server]

    def count() -> float:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + usage({server: pid})[server].cpu

    return count
