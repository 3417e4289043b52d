"""The schema ``wattif`` of a database, brought to the version of this program: one file of SQL a version.

Each is applied in a transaction, with the row that remembers it. A schema that is newer than the program, or that
somebody else made, is refused.
"""

from __future__ import annotations

from importlib import resources

import psycopg

from wattif.errors import InvalidValue, WarehouseError

SCHEMA = "wattif"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('wattif.migrations'))"


def migrations() -> dict[int, str]:
    """The SQL of each version, in order."""
    files = resources.files(__package__).joinpath("migrations").iterdir()
    found = {int(each.name.removesuffix(".sql")): each for each in files if each.name.endswith(".sql")}
    return {version: found[version].read_text(encoding="utf-8") for version in sorted(found)}


def bring_up_to_date(connection: psycopg.Connection[tuple[object, ...]], url: str, place: str, *, create: bool) -> None:
    """Apply what is missing, if *create*; *url* and *place* are for messages.

    `InvalidValue` when the schema is not WattIf's, newer, or may not be created, `WarehouseError` when nothing is
    loaded yet.
    """
    known = migrations()
    try:
        with connection.transaction():
            connection.execute(_LOCK)
            there = _version(connection, url)
            if there > max(known):
                reason = (
                    f"its schema {SCHEMA} has version {there}, this program knows {max(known)}; install a newer one"
                )
                raise InvalidValue("database_url", url, reason)
            if there < max(known) and not create:
                what = f"has version {there} of {max(known)}" if there else "is not there"
                raise WarehouseError(f"{place}: the schema {SCHEMA} {what}; run 'python -m wattif load' first")
            if there == 0:
                connection.execute(f"CREATE SCHEMA {SCHEMA}")
                connection.execute(
                    f"CREATE TABLE {SCHEMA}.schema_versions"
                    " (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
                )
            for version, text in known.items():
                if version > there:
                    connection.execute(text.encode())
                    connection.execute(f"INSERT INTO {SCHEMA}.schema_versions (version) VALUES (%s)", (version,))
    except psycopg.errors.InsufficientPrivilege as error:
        words = str(error).splitlines()[0]
        reason = f"{words}: GRANT CREATE ON DATABASE to this role, or run this command once as one that may"
        raise InvalidValue("database_url", url, reason) from None


def _version(connection: psycopg.Connection[tuple[object, ...]], url: str) -> int:
    """The version of what is there; 0 where nothing is."""
    rows = connection.execute(f"SELECT to_regnamespace('{SCHEMA}'), to_regclass('{SCHEMA}.schema_versions')").fetchall()
    ((schema, versions),) = rows
    if schema is None:
        return 0
    if versions is None:
        reason = f"its schema {SCHEMA} is not WattIf's; rename it, or name another database"
        raise InvalidValue("database_url", url, reason)
    ((version,),) = connection.execute(f"SELECT max(version) FROM {SCHEMA}.schema_versions").fetchall()
    return int(str(version))
