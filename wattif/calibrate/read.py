"""A user's files, as energies of hours or shorter spans: read by DuckDB, in a database that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from wattif.calibrate.clock import Clock
from wattif.calibrate.columns import Asked, Columns, choose_columns, class_number, to_wh, unit_of
from wattif.calibrate.measured import Measured
from wattif.calibrate.moments import fill_moments
from wattif.errors import UsageError
from wattif.model.cities import City
from wattif.numeric.calendar import local_quarters
from wattif.tables.sql_text import duckdb_path, sql_text

_SHORTEST_S, _LONGEST_S = 60, 3600
_REGULAR = 0.95  # of the steps between a meter's readings: multiples of the interval
_SAMPLE = 200  # meters whose steps are looked at
_MOST_METERS = 5_000  # more would change no figure: the rest is left out, evenly
_NO_NUMBER = ("", "null", "na", "nan", "none", "-")
_KINDS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".gz": "csv"}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A user's data, and what was noticed in it."""

    measured: Measured
    interval_s: int
    readings: int
    has_classes: bool
    notes: tuple[str, ...]  # what was guessed, mended or left out


def read_data(files: Sequence[Path], asked: Asked, city: City, default_class: int, *, span_s: int = _LONGEST_S) -> Data:
    """The hours of the meters in *files*, in the local time of *city*; `UsageError` names what cannot be used.

    *span_s*: seconds of the spans that stand for hours, 900, 1800 or 3600; readings must divide them.
    Memory: 4 bytes per meter and span, and what DuckDB takes for its sorting.
    """
    place = str(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    with (
        tempfile.TemporaryDirectory(prefix="wattif-calibrate-") as folder,
        duckdb.connect(Path(folder) / "rows.duckdb") as connection,
        _explained(place),
    ):
        connection.execute("SET TimeZone = 'UTC'")
        return _Reading(connection, files, asked, place, span_s).data(city, default_class)


@contextmanager
def _explained(place: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise UsageError(
            f"{place}: cannot be read: {str(error).splitlines()[0]}; check that it is CSV or Parquet"
        ) from None


def _scan(files: Sequence[Path]) -> str:
    """The files as a table of DuckDB's; text of CSV stays text, since nobody guesses zones out of it."""
    kinds = set()
    for file in files:
        if file.is_dir():
            raise UsageError(f"{file}: is a folder; name its files, for example {file}/*.parquet")
        if not file.is_file():
            raise UsageError(f"{file}: no such file; check its name")
        if file.suffix.lower() not in _KINDS:
            raise UsageError(f"{file}: is neither CSV nor Parquet by its ending; name it .csv or .parquet")
        kinds.add(_KINDS[file.suffix.lower()])
    if len(kinds) > 1:
        raise UsageError(f"{files[0]}: CSV and Parquet together; calibrate to one of them")
    paths = f"[{', '.join(duckdb_path(str(file)) for file in files)}]"
    if kinds == {"parquet"}:
        return f"read_parquet({paths}, union_by_name=true)"
    return f"read_csv({paths}, union_by_name=true, all_varchar=true, header=true)"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


class _Reading:
    """The steps from files to spans, each a table of DuckDB's."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[Path], asked: Asked, place: str, span_s: int
    ) -> None:
        self._connection = connection
        self._scan = _scan(files)
        self._asked = asked
        self._place = place
        self._span_s = span_s
        self._notes: list[str] = []

    def data(self, city: City, default_class: int) -> Data:
        """All of it."""
        types = {name: kind for name, kind, *_ in self._rows(f"DESCRIBE SELECT * FROM {self._scan}")}
        columns = choose_columns(list(types), self._asked, self._place)
        self._notes += columns.guesses
        self._stage(columns)
        self._notes += fill_moments(self._connection, types[columns.time], self._asked, city.time_zone, self._place)
        interval_s = self._interval()
        factor = self._factor(columns, interval_s)
        self._energies(factor, interval_s)
        measured = self._spans(city, interval_s, columns, default_class)
        [(readings,)] = self._rows("SELECT count(*) FROM energies")
        return Data(
            measured=measured,
            interval_s=interval_s,
            readings=int(readings),
            has_classes=columns.meter_class is not None,
            notes=tuple(self._notes),
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def _stage(self, columns: Columns) -> None:
        """The rows of the files, numbered: meter, time as it is there, value."""
        own_class = f"CAST({_name(columns.meter_class)} AS VARCHAR)" if columns.meter_class else "NULL"
        value = f"trim(CAST({_name(columns.value)} AS VARCHAR))"
        self._connection.execute(
            f"CREATE TABLE staged AS SELECT CAST({_name(columns.meter)} AS VARCHAR) AS meter,"
            f" {_name(columns.time)} AS time, {value} AS text, try_cast({value} AS DOUBLE) AS value,"
            f" {own_class} AS class, row_number() OVER () AS n FROM {self._scan}"
        )
        none = ", ".join(sql_text(each) for each in _NO_NUMBER)
        wrong = self._rows(
            f"SELECT text FROM staged WHERE value IS NULL AND text IS NOT NULL AND lower(text) NOT IN ({none}) LIMIT 1"
        )
        if wrong:
            raise UsageError(
                f"{self._place}: column {columns.value} holds {wrong[0][0]!r}, which is no number;"
                " write a decimal point, or name another `value_column`"
            )
        [(nameless,)] = self._rows("SELECT count(*) FROM staged WHERE meter IS NULL OR time IS NULL")
        if nameless:
            self._notes.append(f"{nameless:,} rows without a meter or timestamp were left out")
        [(meters,)] = self._rows("SELECT count(DISTINCT meter) FROM staged")
        if meters > _MOST_METERS:
            self._connection.execute(
                "DELETE FROM staged WHERE meter NOT IN"
                f" (SELECT meter FROM (SELECT DISTINCT meter FROM staged) ORDER BY hash(meter) LIMIT {_MOST_METERS})"
            )
            self._notes.append(f"{_MOST_METERS:,} of {meters:,} meters are used")

    def _interval(self) -> int:
        """The most frequent step between readings of a meter, in seconds."""
        steps = self._rows(
            "SELECT step, count(*) AS times FROM (SELECT s - lag(s) OVER (PARTITION BY meter ORDER BY s) AS step"
            " FROM moments WHERE meter IN (SELECT meter FROM (SELECT DISTINCT meter FROM moments)"
            f" ORDER BY hash(meter) LIMIT {_SAMPLE})) WHERE step > 0 GROUP BY step ORDER BY times DESC, step"
        )
        if not steps:
            raise UsageError(f"{self._place}: no meter has two readings; is the meter's column the right one?")
        interval = int(steps[0][0])
        if not _SHORTEST_S <= interval <= self._span_s or self._span_s % interval:
            most = self._span_s // 60
            raise UsageError(
                f"{self._place}: readings are {interval:,} s apart; give some whose interval is from 1 to {most} min"
                f" and divides {most} min"
            )
        regular = sum(times for step, times in steps if step % interval == 0) / sum(times for _, times in steps)
        if regular < _REGULAR:
            raise UsageError(
                f"{self._place}: only {regular:.0%} of the steps between readings are multiples of {interval} s;"
                " the intervals must be even"
            )
        return interval

    def _factor(self, columns: Columns, interval_s: int) -> float:
        """What a value is to be multiplied by to give Wh."""
        [(mean, falls, rises)] = self._rows(
            "SELECT avg(value), count(*) FILTER (step < 0), count(*) FILTER (step > 0) FROM"
            " (SELECT value, value - lag(value) OVER (PARTITION BY meter ORDER BY s) AS step FROM moments)"
        )
        if mean is None:
            raise UsageError(f"{self._place}: column {columns.value} holds no number; name another `value_column`")
        if rises > 0 and falls <= 0.001 * rises:
            raise UsageError(
                f"{self._place}: column {columns.value} only ever rises, as registers do; take differences first,"
                " or name another `value_column`"
            )
        unit = self._asked.unit
        if unit is None:
            unit, reason = unit_of(columns.value, mean, interval_s)
            self._notes.append(f"unit: {unit}, {reason}")
        return to_wh(unit, interval_s)

    def _energies(self, factor: float, interval_s: int) -> None:
        """A row per meter and interval, in Wh: of rows that come twice, the later one."""
        shift_s = interval_s if self._asked.ends else 0
        self._connection.execute(
            f"CREATE TABLE energies AS SELECT meter, s - {shift_s} AS s, arg_max(value, n) * {factor!r} AS wh,"
            " any_value(class) AS class, count(*) AS times FROM moments WHERE value IS NOT NULL GROUP BY meter, s"
        )
        [(doubles, negative)] = self._rows("SELECT coalesce(sum(times - 1), 0), count(*) FILTER (wh < 0) FROM energies")
        if doubles:
            self._notes.append(f"{doubles:,} readings came more than once; the last one counts")
        if negative:
            self._connection.execute("UPDATE energies SET wh = 0 WHERE wh < 0")
            self._notes.append(f"{negative:,} negative readings (feed-in) count as 0")

    def _spans(self, city: City, interval_s: int, columns: Columns, default_class: int) -> Measured:
        per_span, per_hour, quarters_each = self._span_s // interval_s, 3600 // interval_s, self._span_s // 900
        meters = self._connection.execute(
            "SELECT meter, mode(class), avg(CAST(wh = 0 AS INT)),"
            f" 1 - count(*) / ((max(s) - min(s)) / {interval_s} + 1.0) FROM energies GROUP BY meter ORDER BY meter"
        ).fetchall()
        [(first_s,)] = self._rows("SELECT min(s) FROM energies")
        # hours begin when they do by the city's clock, which may be half an hour off
        shift = int(local_quarters(city.time_zone, first_s // 900, 1)[0] - first_s // 900) % quarters_each * 900
        table: pa.Table = self._connection.sql(
            f"SELECT m.place, (e.s + {shift}) // {self._span_s} AS span,"
            f" CAST(sum(e.wh) * {per_hour}.0 / count(*) AS FLOAT) AS wh"
            " FROM energies e JOIN (SELECT meter, row_number() OVER (ORDER BY meter) - 1 AS place FROM"
            " (SELECT DISTINCT meter FROM energies)) m USING (meter)"
            f" GROUP BY 1, 2 HAVING count(*) * 2 >= {per_span}"
        ).to_arrow_table()
        span = table["span"].to_numpy()
        first, last = int(span.min()), int(span.max())
        wh = np.full((len(meters), last - first + 1), np.nan, np.float32)
        wh[table["place"].to_numpy(), span - first] = table["wh"].to_numpy()
        quarters = np.arange(first, last + 1) * quarters_each - shift // 900
        own_class = {
            word: class_number(word, columns.meter_class or "") for word in {each[1] for each in meters} if word
        }
        classes = [own_class.get(word, default_class) for _, word, _, _ in meters]
        return Measured(
            wh=wh,
            meter_class=np.array(classes, np.int8),
            clock=Clock.of(city, quarters),
            zero=np.array([each[2] for each in meters], np.float64),
            missing=np.array([each[3] for each in meters], np.float64),
            span_s=self._span_s,
        )
