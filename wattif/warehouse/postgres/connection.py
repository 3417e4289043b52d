"""A connection to PostgreSQL, and what its errors mean to the user. No message has a password."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import psycopg
from psycopg import errors

from wattif.errors import InvalidValue, WarehouseError
from wattif.warehouse.postgres.migrations import SCHEMA

Connection = psycopg.Connection[tuple[object, ...]]
_CONNECT_S = 10
_NO_ADDRESS = "not an address such as postgresql://user@host:5432/name; write @ : / in names as %40 %3A %2F"
_REASONS = (
    (r"^(connection is bad: )?(invalid|missing|unexpected|forbidden|extra|unrecognized) ", _NO_ADDRESS),
    (r"password authentication failed|no password supplied", "the password is missing or wrong; put it into ~/.pgpass"),
    (r'database "[^"]*" does not exist', "there is no such database; create it with createdb"),
    (r'role "[^"]*" does not exist', "there is no such role; create it with createuser, or name another one"),
    (r"permission denied for database", "this role may not connect; GRANT CONNECT ON DATABASE to it"),
    (r"pg_hba\.conf|authentication failed", "the server lets nobody in so; see its pg_hba.conf"),
    (r"definition of service", "there is no such service in the service file; correct `database_url`"),
)


def connect(url: str, shown: str) -> Connection:
    """A connection to the database at *url*; `InvalidValue`, about *shown*, when there is none."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_S)
    except psycopg.OperationalError as error:
        said = str(error)
        for pattern, reason in _REASONS:
            if re.search(pattern, said):
                raise InvalidValue("database_url", shown, reason) from None
        reason = f"no server answers ({_first_line_of(said)}); start it, or correct `database_url`"
        raise InvalidValue("database_url", shown, reason) from None
    except psycopg.ProgrammingError:  # what it says would repeat parts of the address
        raise InvalidValue("database_url", shown, _NO_ADDRESS) from None
    connection.execute(f"SET search_path = {SCHEMA}, public")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET DateStyle = 'ISO'")  # as DuckDB reads and writes dates
    connection.execute("SET client_min_messages = warning")
    return connection


def place_of(connection: Connection) -> str:
    """Where it leads, for people."""
    info = connection.info
    port = "" if info.host.startswith("/") else f":{info.port}"
    return f"{info.dbname} on {info.host}{port}"


@contextlib.contextmanager
def explaining(place: str) -> Iterator[None]:
    """What the exceptions of a statement mean to the user."""
    try:
        yield
    except errors.UndefinedTable as error:
        raise WarehouseError(
            f"{place}: {_first_line(error)}; run 'python -m wattif load', then 'rollup', then 'scan'"
        ) from None
    except errors.InsufficientPrivilege as error:
        said = _first_line(error)
        owner = f"run it as the role that owns the schema {SCHEMA}"
        way = owner if "must be owner" in said else f"GRANT wattif_loader to this role, or {owner}"
        raise WarehouseError(f"{place}: {said}; {way}") from None
    except errors.DiskFull as error:
        raise WarehouseError(
            f"{place}: {_first_line(error)}; nothing of this day was kept: free some disk space of the server, then run"
            " the same command again"
        ) from None
    except psycopg.errors.ForeignKeyViolation as error:
        raise WarehouseError(
            f"{place}: {_first_line(error)}; a table that the others refer to is missing, or is another data set's:"
            " load one that is whole, or name another `database_url`"
        ) from None
    except errors.NotNullViolation as error:  # such as the number of a code that its look-up table lacks
        row = _first_line_of(error.diag.message_detail or "")
        raise WarehouseError(
            f"{place}: {error.diag.table_name} has a row whose {error.diag.column_name} is missing, or refers to what"
            f" is not there ({row}); correct that value in its file, and run the same command again"
        ) from None
    except errors.InvalidTextRepresentation as error:  # such as a text that is no JSON
        where = (error.diag.context or "").splitlines()[-1:]
        raise WarehouseError(
            f"{place}: {_first_line(error)} ({', '.join(where)}); correct that value in its file, and run the same"
            " command again"
        ) from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise WarehouseError(
            f"{place}: the connection was lost ({_first_line(error)}); complete days stay: run the same command again"
        ) from None
    except psycopg.Error as error:
        raise WarehouseError(f"{place}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return _first_line_of(str(error))


def _first_line_of(said: str) -> str:
    return (said.strip().splitlines() or [""])[0][:300]
