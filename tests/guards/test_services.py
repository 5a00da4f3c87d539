"""The services that the suite starts are of the kind that the contracts assume."""

import json
import socket
import urllib.request

import psycopg
import pytest
from pytest_socket import SocketConnectBlockedError


def test_each_test_gets_an_empty_database_on_loopback(postgres_dsn: str) -> None:
    assert "@127.0.0.1:" in postgres_dsn
    with psycopg.connect(postgres_dsn) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_the_opa_server_speaks_on_loopback(opa_server: str) -> None:
    with urllib.request.urlopen(f"{opa_server}/v1/policies", timeout=5) as response:
        assert "result" in json.load(response)


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7"])
def test_no_test_reaches_another_machine(address: str) -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection((address, 9), timeout=0.1)
