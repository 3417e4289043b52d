"""A PostgreSQL server for a session of tests, and a database for each that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.forking import ROOT

PASSWORD = "p4ss-w0rd"  # of the role `asked`, over the network: at the socket nobody needs one


SERVER_IS_INSTALLED = bool(list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))) and shutil.which("psql") is not None


@dataclass(kw_only=True)
class Server:
    """A server in a folder of its own, which is that of its socket, too."""

    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def create_database(self) -> Database:
        """An empty database."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        Database(self, "postgres").rows(f"CREATE DATABASE {name}")
        return Database(self, name)


@dataclass(frozen=True)
class Database:
    """A database of a server."""

    server: Server
    name: str

    def url(self, user: str = "postgres") -> str:
        """Its address, at the socket."""
        return f"postgresql://{user}@/{self.name}?host={self.server.folder}&port={self.server.port}"

    def options(self, user: str = "postgres") -> dict[str, Any]:
        """What verbs are told to work on it."""
        return {"warehouse": "postgres", "database_url": self.url(user)}

    @property
    def has_postgis(self) -> bool:
        """Whether places can be points."""
        return self.rows("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'") == [(1,)]

    def remote_url(self, user: str, password: str | None = None) -> str:
        """Its address over the network."""
        secret = "" if password is None else f":{password}"
        return f"postgresql://{user}{secret}@127.0.0.1:{self.server.port}/{self.name}"

    def drop(self) -> None:
        """Remove it, whoever is connected."""
        Database(self.server, "postgres").rows(f"DROP DATABASE {self.name} WITH (FORCE)")

    def rows(self, sql: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        """What it answers; none where there is nothing to answer."""
        with psycopg.connect(self.url(user), autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that lives as long as the context; the test is skipped where none is installed."""
    if not SERVER_IS_INSTALLED:
        pytest.skip("no PostgreSQL server is installed")
    folder = Path(f"/tmp/wattif-postgres-{os.getpid()}")  # a socket's path is short
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*words: str) -> None:
        known = os.environ | {"POSTGRES_FOLDER": str(folder)}
        subprocess.run([str(ROOT / "scripts" / "postgres"), *words], env=known, stdout=subprocess.DEVNULL, check=True)

    try:
        call("start", "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
        yield Server(folder=folder, port=port)
    finally:
        call("remove")
