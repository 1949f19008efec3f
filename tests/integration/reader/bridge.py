"""A port of this machine that leads into a network namespace: cards outside, a reader inside."""

from __future__ import annotations

import ctypes
import os
import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

_CLONE_NEWNET = 0x40000000
_LOOPBACK = "127.0.0.1"


def dial_inside(pid: int, port: int) -> socket.socket:
    """Connect to a port of the loopback that a process sees."""

    def dial() -> socket.socket:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            # Of this thread alone; a socket stays where it was made.
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(namespace)
        return socket.create_connection((_LOOPBACK, port), 10)

    with ThreadPoolExecutor(1) as thread:  # it ends with the block, and nobody works in it again
        return thread.submit(dial).result()


@contextmanager
def bridge(pid: Callable[[], int], port: int) -> Iterator[int]:
    """Lead a port of ours to one inside, for as long as the block lasts; the port's number.

    Args:
        pid: asked at each connection, since a service that died may have a successor.
        port: inside.
    """
    with (
        socket.create_server((_LOOPBACK, 0)) as listening,
        ThreadPoolExecutor(thread_name_prefix="bridge") as threads,
    ):
        open_ends: set[socket.socket] = set()
        threads.submit(_serve, listening, pid, port, threads, open_ends)
        try:
            yield int(listening.getsockname()[1])
        finally:
            for end in (listening, *open_ends):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _serve(
    listening: socket.socket,
    pid: Callable[[], int],
    port: int,
    threads: ThreadPoolExecutor,
    open_ends: set[socket.socket],
) -> None:
    with suppress(OSError):  # shut down: the block is over
        while True:
            outside, _ = listening.accept()
            open_ends.add(outside)
            threads.submit(_carry, outside, pid, port, open_ends)


def _carry(
    outside: socket.socket, pid: Callable[[], int], port: int, open_ends: set[socket.socket]
) -> None:
    """Carry octets both ways until an end is gone, or never where the service is."""
    with outside, suppress(OSError), dial_inside(pid(), port) as inside:
        inside.settimeout(None)
        ends = {outside: inside, inside: outside}
        for end in ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for end in ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            for source in select.select(list(ends), [], [])[0]:
                if not (octets := source.recv(1 << 16)):
                    open_ends.discard(outside)
                    return
                ends[source].sendall(octets)
