"""How a table's answers are held against the expectation: SQL for a DuckDB of our own.

found                                        what the table answered, see `wattif.answers.reconcile.sql`
expected_delivered, expected_deduplicated    see `wattif.answers.reconcile.expected_hours`; without the column view
differing                                    the hours of both that equal neither view
verdicts                                     mac, hour, name, verdict, readings, expected, found, cause

f, d and u stand for found, delivered, deduplicated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wattif.answers.reconcile.differences import Verdict

_JOINED = """FROM found f
    FULL JOIN expected_delivered d ON f.mac = d.mac AND f.hour = d.hour
    LEFT JOIN expected_deduplicated u ON u.mac = d.mac AND u.hour = d.hour"""
_KEY = ("coalesce(f.mac, d.mac) AS mac", "coalesce(f.hour, d.hour) AS hour")


@dataclass(frozen=True, kw_only=True)
class VerdictRows:
    """Rows of `verdicts`, one for each row of `differing` *where* it holds; all but the verdict are SQL over these."""

    verdict: Verdict
    where: str
    readings: str
    expected: str
    found: str
    column: str = "NULL"
    cause: str = "NULL"

    @property
    def sql(self) -> str:
        """The query that gives them."""
        return (
            f"SELECT mac, hour, CAST({self.column} AS VARCHAR) AS name, '{self.verdict}' AS verdict,"
            f" CAST({self.readings} AS BIGINT) AS readings, CAST({self.expected} AS VARCHAR) AS expected,"
            f" CAST({self.found} AS VARCHAR) AS found, CAST({self.cause} AS VARCHAR) AS cause"
            f" FROM differing WHERE {self.where}"
        )


def number_text(value: str, decimals: int) -> str:
    """An integer in units of the last digit as the number that people know."""
    if not decimals:
        return value
    return f"printf('%.{decimals}f', CAST({value} AS DECIMAL(38, 0)) / 1{'0' * decimals})"


def statements(columns: Iterable[str], same: Sequence[str], rows: Iterable[VerdictRows]) -> list[str]:
    """Those that make `differing`, of *columns* and the key, and `verdicts`; *same*: that an hour equals a view."""
    differs = " AND ".join(f"NOT coalesce({each}, false)" for each in same)
    verdicts = " UNION ALL ".join(each.sql for each in rows)
    return [
        f"CREATE TABLE differing AS SELECT {', '.join((*_KEY, *columns))} {_JOINED} WHERE {differs}",
        f"CREATE TABLE verdicts AS {verdicts}",
    ]
