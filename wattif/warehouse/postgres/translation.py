"""GoogleSQL as PostgreSQL says it."""

from __future__ import annotations

import sqlglot
from sqlglot import exp


def translated(script: str) -> list[str]:
    """The statements of *script*, which is GoogleSQL."""
    found = sqlglot.parse(script, read="bigquery")
    return [
        each.transform(_as_postgres).sql("postgres", unsupported_level=sqlglot.ErrorLevel.RAISE)
        for each in found
        if each is not None
    ]


def _as_postgres(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Timestamp):  # of a day: its midnight, in the time zone of the session
        return exp.cast(node.this, "TIMESTAMPTZ")
    if isinstance(node, exp.Extract) and not isinstance(node.parent, exp.Floor):  # there with a fraction, as decimals
        return exp.cast(exp.Floor(this=node.copy()), "BIGINT")
    return node
