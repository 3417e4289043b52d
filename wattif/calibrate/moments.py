"""Timestamps of any kind as moments: seconds since 1970, UTC."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from wattif.calibrate.clock import local_quarters_of
from wattif.calibrate.columns import Asked
from wattif.errors import InvalidValue, UsageError
from wattif.tables.sql_text import sql_text

_ZONE = r"'\d:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|z|[+-]\d{2}(:?\d{2})?)$'"  # at the end of a text


def fill_moments(
    connection: duckdb.DuckDBPyConnection, kind: str, asked: Asked, time_zone: str, place: str
) -> list[str]:
    """Make the table *moments* (meter, s, value, class, n) of the table *staged*; what was noticed meanwhile.

    *kind*: DuckDB's type of the timestamps. `UsageError` when they cannot be told.
    """
    time, aware = _expression(connection, kind, asked, place)
    rest = "value, class, n FROM staged WHERE meter IS NOT NULL AND time IS NOT NULL"
    if aware or asked.utc:
        seconds = f"CAST(floor(epoch({time})) AS BIGINT)"
        connection.execute(f"CREATE TABLE moments AS SELECT meter, {seconds} AS s, {rest}")
        return ["timestamps name their zone" if aware else "timestamps are UTC"]
    connection.execute(f"CREATE TABLE walls AS SELECT meter, CAST(floor(epoch({time})) AS BIGINT) AS wall_s, {rest}")
    starts = connection.execute("SELECT DISTINCT wall_s // 900 * 900 FROM walls ORDER BY 1").fetchnumpy()
    quarters = local_quarters_of(time_zone, np.asarray(next(iter(starts.values())), np.int64))
    skipped = [each for each in quarters if each.skipped]
    if skipped:
        wall = np.datetime64(skipped[0].local_s, "s")
        raise UsageError(
            f"{place}: no clock in {time_zone} shows {str(wall).replace('T', ' ')}, it is skipped; name the"
            " `time_zone` of the timestamps, or say `utc`"
        )
    connection.register(
        "zones",
        pa.table(
            {
                "start_s": pa.array([each.local_s for each in quarters], pa.int64()),
                "first_s": pa.array([each.first_s for each in quarters], pa.int64()),
                "second_s": pa.array([each.second_s for each in quarters], pa.int64()),
            }
        ),
    )
    # where clocks are set back, the same time comes twice: first in summer time, then without
    connection.execute(
        "CREATE TABLE moments AS"
        " SELECT meter, wall_s - first_s AS s, value, class, n FROM walls JOIN zones ON start_s = wall_s // 900 * 900"
        " WHERE first_s = second_s UNION ALL"
        " SELECT meter, wall_s - CASE WHEN row_number() OVER (PARTITION BY meter, wall_s ORDER BY n) = 1"
        " THEN first_s ELSE second_s END AS s, value, class, n"
        " FROM walls JOIN zones ON start_s = wall_s // 900 * 900 WHERE first_s <> second_s"
    )
    connection.unregister("zones")
    return [f"timestamps are local time of {time_zone}"]


def _expression(connection: duckdb.DuckDBPyConnection, kind: str, asked: Asked, place: str) -> tuple[str, bool]:
    """The timestamp as SQL, and whether it names its zone."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "time", True
    if kind.startswith("TIMESTAMP"):
        return "CAST(time AS TIMESTAMP)", False
    if kind != "VARCHAR":
        raise UsageError(f"{place}: timestamps are of type {kind}; name a `time_column` of text or timestamps")
    if asked.time_format is not None:
        aware, parsed = "%z" in asked.time_format, f"try_strptime(time, {sql_text(asked.time_format)})"
    else:
        [(zoned, times)] = connection.execute(
            f"SELECT count(*) FILTER (regexp_matches(trim(time), {_ZONE})), count(time) FROM staged"
        ).fetchall()
        if 0 < zoned < times:
            raise UsageError(
                f"{place}: {zoned:,} of {times:,} timestamps name a zone, the others none; write all alike"
            )
        aware = times > 0 and zoned == times
        parsed = f"try_cast(time AS {'TIMESTAMPTZ' if aware else 'TIMESTAMP'})"
    wrong = connection.execute(
        f"SELECT time FROM staged WHERE time IS NOT NULL AND {parsed} IS NULL LIMIT 1"
    ).fetchall()
    if wrong:
        reason = "is not a timestamp; say how it is written, for example --time-format '%d/%m/%Y %H:%M'"
        if asked.time_format is not None:
            raise InvalidValue("time_format", asked.time_format, f"does not fit {wrong[0][0]!r} in {place}; correct it")
        raise UsageError(f"{place}: {wrong[0][0]!r} {reason}".replace("--time-format", "`time_format`"))
    return parsed, aware
