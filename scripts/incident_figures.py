"""The figures of docs/incidents.md: what types of incidents are declared with, and what comes out of them.

`scripts/build_docs.py` writes them.
"""

from __future__ import annotations

from typing import Any, Self

import duckdb

import wattif
from wattif.incidents.kinds import codes, incident_types
from wattif.model.cities import load_cities

SPEC = wattif.IncidentSpec(incident_count=100_000, seed=123, window_end="2024-07-01", window_days=365, city="chicago")
PROFILES = {
    "all": "true",
    "medical": "category = 'medical'",
    "traffic": "category = 'traffic'",
    "fire": "category = 'fire'",
}
# Restored outages: how long in minutes, and how many customers; daily SAIDI is in proportion to `lost`, so that the
# threshold of IEEE 1366 may be taken of it: exp(mean + 2.5 standard deviations of the logarithm)
OUTAGES = """CREATE TABLE outages AS SELECT *, epoch(resolved_at - occurrence_at) / 60 AS minutes,
    (metadata::JSON->>'customers_without_power')::INT AS customers, minutes * customers AS lost,
    timezone(?, occurrence_at)::DATE AS day
FROM incidents WHERE arrival_at IS NOT NULL AND resolved_at IS NOT NULL
    AND (metadata::JSON->>'customers_without_power')::INT > 0"""
DAYS = """CREATE TABLE days AS WITH summed AS (SELECT day, sum(lost) AS lost FROM outages GROUP BY day)
SELECT day, lost > exp(avg(ln(lost)) OVER () + 2.5 * stddev_samp(ln(lost)) OVER ()) AS is_major FROM summed"""
RESTORATION = """SELECT {name}, count(*), sum(lost) / sum(customers), median(minutes), quantile_cont(minutes, 0.9),
    stddev_samp(ln(minutes)), avg(customers) FROM outages JOIN days USING (day) WHERE {those}"""


class Figures:
    """Incidents of a year, as DuckDB sees them."""

    def __init__(self) -> None:
        """Make them."""
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        for table in ("incidents", "incident_types"):
            self._connection.register(f"{table}_made", wattif.read(SPEC, table).read_all())
        self._connection.execute(
            """CREATE TABLE incidents AS SELECT i.*, t.category FROM incidents_made i
            JOIN incident_types_made t ON t.code = i.type_code"""
        )
        self._connection.execute(OUTAGES, [self._time_zone()])
        self._connection.execute(DAYS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def parts(self) -> dict[str, str]:
        """The tables of the page by name."""
        return {
            "types": self.types(),
            "responses": self.responses(),
            "restoration": self.restoration(),
            "hours": self.hours(),
        }

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return self._connection.execute(query, values).fetchall()

    @staticmethod
    def _time_zone() -> str:
        return load_cities()[SPEC.city].time_zone

    def types(self) -> str:
        """Each type as it is declared, beside its share and its handling times in the data."""
        made = {
            row[0]: row[1:]
            for row in self.rows(
                """SELECT type_code, 100 * count(*) / sum(count(*)) OVER (),
                median(epoch(resolved_at - arrival_at) / 60) FILTER (severity_code = 'MEDIUM')
                FROM incidents GROUP BY 1"""
            )
        }
        whole = sum(each.share for each in incident_types())
        severities = " / ".join(codes("severities"))
        lines = [
            "| type | share, % | made | at the height of a storm, times | heat, cold, per K"
            f" | {severities}, % | handling, min | sigma | made |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for each in sorted(incident_types(), key=lambda each: -each.share):
            severe = " / ".join(f"{100 * part / sum(each.severities):.0f}" for part in each.severities)
            share, handling = made[each.code]
            lines.append(
                f"| `{each.code}` | {100 * each.share / whole:.1f} | {share:.1f} | {1 + each.storm:g}"
                f" | {each.heat_per_k:g}, {each.cold_per_k:g} | {severe} | {each.handling_min:g}"
                f" | {each.handling_sigma:g} | {handling:.0f} |"
            )
        return "\n".join(lines) + "\n"

    def responses(self) -> str:
        """From the occurrence to the arrival, in seconds."""
        lines = ["| interval | median, s | 90 % within, s |", "|---|---|---|"]
        for name, begin, end, those in (
            ("from occurrence to report", "occurrence_at", "reported_at", "true"),
            ("from report to dispatch, `HIGH` and `CRITICAL`", "reported_at", "dispatch_at", _SEVERE),
            ("from report to dispatch, others", "reported_at", "dispatch_at", f"NOT {_SEVERE}"),
            ("from dispatch to arrival: turnout and travel", "dispatch_at", "arrival_at", "true"),
        ):
            (row,) = self.rows(
                f"""SELECT quantile_cont(epoch({end} - {begin}), [0.5, 0.9]) FROM incidents
                WHERE arrival_at IS NOT NULL AND {those}"""
            )
            lines.append(f"| {name} | {row[0][0]:.0f} | {row[0][1]:.0f} |")
        return "\n".join(lines) + "\n"

    def restoration(self) -> str:
        """How long customers have no power, by type, and without the days that IEEE 1366 calls major."""
        lines = [
            "| outages | number | CAIDI, min | median, min | 90 % within, min | sigma of ln | customers, mean |",
            "|---|---|---|---|---|---|---|",
        ]
        by_type = self.rows(f"{RESTORATION.format(name='type_code', those='true')} GROUP BY type_code ORDER BY 2 DESC")
        rows = [(f"`{row[0]}`", *row[1:]) for row in by_type]
        for name, those in (("all", "true"), ("all, without major event days", "NOT is_major")):
            rows += [(name, *row[1:]) for row in self.rows(RESTORATION.format(name="'all'", those=those))]
        for name, count, caidi, median, most, sigma, customers in rows:
            lines.append(
                f"| {name} | {count:,} | {caidi:.0f} | {median:.0f} | {most:.0f} | {sigma:.2f} | {customers:.1f} |"
            )
        ((days, major, share),) = self.rows(
            """SELECT count(DISTINCT day), count(DISTINCT day) FILTER (is_major),
            sum(lost) FILTER (is_major) / sum(lost) FROM outages JOIN days USING (day)"""
        )
        lines += [
            "",
            f"Of {days} days with outages {major} were major;"
            f" {100 * (share or 0):.0f} % of the customer minutes fell on them.",
        ]
        return "\n".join(lines) + "\n"

    def hours(self) -> str:
        """Percent of the incidents of a category by local hour; an even day has 4.2."""
        lines = [f"| local hour | {' | '.join(PROFILES)} |", f"|---|{'---|' * len(PROFILES)}"]
        for first in range(0, 24, 3):
            shares = []
            for those in PROFILES.values():
                (row,) = self.rows(
                    f"""SELECT 100 * avg((hour(timezone(?, occurrence_at)) // 3 = ?)::INT) / 3 FROM incidents
                    WHERE {those}""",
                    self._time_zone(),
                    first // 3,
                )
                shares.append(f"{row[0]:.1f}")
            lines.append(f"| {first} to {first + 3} | {' | '.join(shares)} |")
        return "\n".join(lines) + "\n"


_SEVERE = "severity_code IN ('HIGH', 'CRITICAL')"


def parts() -> dict[str, str]:
    """The tables of the page by name."""
    with Figures() as figures:
        return figures.parts()
