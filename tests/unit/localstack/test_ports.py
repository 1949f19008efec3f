from __future__ import annotations

import socket

from cardwright.localstack.ports import LOOPBACK, free_port

FIRST_OF_CONNECTIONS = 32_768  # Linux, net.ipv4.ip_local_port_range


def test_no_outgoing_connection_is_given_a_servers_port() -> None:
    assert all(free_port() < FIRST_OF_CONNECTIONS for _ in range(50))


def test_the_port_can_be_listened_on() -> None:
    with socket.create_server((LOOPBACK, free_port())) as server:
        assert server.getsockname()[0] == LOOPBACK
