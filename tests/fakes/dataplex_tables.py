"""A BigQuery dataset in DuckDB, on which data-quality rules really run; sqlglot translates their GoogleSQL.

`ML.DETECT_ANOMALIES` cannot run here: a test hands in what the model would say of each point (`Model`), and the call
becomes a join with that. Points that the model does not know get NULL, as in BigQuery.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import grpc
import sqlglot
from google.cloud import dataplex_v1
from sqlglot import exp

from tests.fakes.dataplex_checks import ROW_RULES, Refusal, rule_type

_DETECT = re.compile(
    r"ML\.DETECT_ANOMALIES\(\s*MODEL\s+`([^`]+)`\s*,"
    r"\s*STRUCT\(\s*([0-9.eE-]+)\s+AS\s+anomaly_prob_threshold\s*\)\s*,\s*\("
)
_STATISTICS = {1: "avg", 2: "min", 3: "max"}  # ColumnStatistic MEAN, MIN, MAX


@dataclass(frozen=True)
class Model:
    """An ARIMA_PLUS model of the dataset: the column it was trained on, and the probability of each point it knows."""

    name: str
    value_column: str
    judged: Sequence[tuple[str, datetime, float]]  # mac, hour, anomaly_probability


class Dataset:
    """Tables of a BigQuery dataset. `connection` is DuckDB's; the tables that are in its main schema are the dataset's.

    *region*: where the dataset lies.
    """

    def __init__(
        self,
        project: str,
        name: str,
        region: str,
        connection: duckdb.DuckDBPyConnection,
        models: Sequence[Model] = (),
    ) -> None:
        self.project = project
        self.name = name
        self.region = region
        self._connection = connection
        self._models = {f"{project}.{name}.{model.name}": model for model in models}
        connection.execute("SET TimeZone = 'UTC'")
        for model in models:
            connection.execute(
                f'CREATE TABLE "judged_{model.name}" (mac VARCHAR, time_hour_rolled TIMESTAMPTZ, probability DOUBLE)'
            )
            if model.judged:
                connection.executemany(f'INSERT INTO "judged_{model.name}" VALUES (?, ?, ?)', model.judged)

    def close(self) -> None:
        """Let go of DuckDB, which complains of connections that are left when the process ends."""
        vars(self).pop("_connection", None)

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        tables = self._connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return (name,) in tables

    def newest(self, table: str, field: str) -> object:
        """The largest value of a column; None without rows."""
        row = self._connection.execute(f'SELECT max("{field}") FROM "{table}"').fetchone()
        return row[0] if row else None

    def count(self, data: str) -> int:
        """How many rows *data* has, a table or a query in brackets."""
        return int(self._one(f"SELECT count(*) FROM {data}")[0])

    def evaluate(self, rule: dataplex_v1.DataQualityRule, data: str, source: str) -> dataplex_v1.DataQualityRuleResult:
        """The result of a rule on the rows *data*, in DuckDB's dialect; *source* are the same in GoogleSQL."""
        kind = rule_type(rule)
        result = dataplex_v1.DataQualityRuleResult(rule=rule)
        if kind == "sql_assertion":
            statement = self._translated(rule.sql_assertion.sql_statement.replace("${data()}", source))
            result.assertion_row_count = self.count(f"({statement})")
            result.passed = result.assertion_row_count == 0
        elif kind in ROW_RULES:
            self._evaluate_rows(rule, data, result)
        elif kind == "table_condition_expectation":
            condition = self._translated(rule.table_condition_expectation.sql_expression)
            result.passed = bool(self._one(f"SELECT {condition} FROM {data}")[0])
        elif kind == "statistic_range_expectation":
            limits = rule.statistic_range_expectation
            value = self._one(f'SELECT {_STATISTICS[int(limits.statistic)]}("{rule.column}") FROM {data}')[0]
            result.passed = value is not None and _within(float(value), limits.min_value, limits.max_value)
        else:
            raise Refusal(grpc.StatusCode.UNIMPLEMENTED, f"this server does not do {kind}")
        return result

    def _evaluate_rows(
        self, rule: dataplex_v1.DataQualityRule, data: str, result: dataplex_v1.DataQualityRuleResult
    ) -> None:
        condition = self._condition(rule, data)
        nulls = f'count(*) FILTER ("{rule.column}" IS NULL)' if rule.column else "0"
        rows, passing, null = self._one(f"SELECT count(*), count(*) FILTER ({condition}), {nulls} FROM {data}")
        result.null_count = null
        result.evaluated_count = rows - null if rule.ignore_null else rows
        result.passed_count = passing
        result.pass_ratio = passing / result.evaluated_count if result.evaluated_count else 1.0
        result.passed = result.pass_ratio >= (rule.threshold or 1.0)
        result.failing_rows_query = f"SELECT * FROM {data} WHERE ({condition}) IS NOT TRUE"

    def _condition(self, rule: dataplex_v1.DataQualityRule, data: str) -> str:
        column = f'"{rule.column}"'
        match rule_type(rule):
            case "non_null_expectation":
                return f"{column} IS NOT NULL"
            case "range_expectation":
                limits = rule.range_expectation
                parts = []
                if limits.min_value:
                    parts.append(f"{column} {'>' if limits.strict_min_enabled else '>='} '{limits.min_value}'")
                if limits.max_value:
                    parts.append(f"{column} {'<' if limits.strict_max_enabled else '<='} '{limits.max_value}'")
                return " AND ".join(parts)
            case "regex_expectation":
                return f"regexp_matches({column}, {_quoted(rule.regex_expectation.regex)})"
            case "set_expectation":
                return f"{column} IN ({', '.join(map(_quoted, rule.set_expectation.values))})"
            case "uniqueness_expectation":
                return f"{column} IN (SELECT {column} FROM {data} GROUP BY {column} HAVING count(*) = 1)"
            case _:
                return self._translated(rule.row_condition_expectation.sql_expression)

    def _translated(self, sql: str) -> str:
        """GoogleSQL in DuckDB's dialect, models and names of tables included."""
        tree = sqlglot.parse_one(without_detection(sql, self._judged), read="bigquery")
        for table in tree.find_all(exp.Table):
            if table.catalog:
                if (table.catalog, table.db) != (self.project, self.name):
                    raise Refusal(grpc.StatusCode.NOT_FOUND, f"Not found: Dataset {table.catalog}:{table.db}")
                table.set("catalog", None)
                table.set("db", None)
        return tree.sql(dialect="duckdb")

    def _judged(self, name: str, threshold: str, points: str) -> str:
        if name not in self._models:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Not found: Model {name}")
        model = self._models[name]
        return (
            f"(SELECT i.mac, i.time_hour_rolled, i.{model.value_column},"
            f" j.probability > {threshold} AS is_anomaly, j.probability AS anomaly_probability"
            f" FROM ({points}) AS i LEFT JOIN `judged_{model.name}` AS j"
            " ON i.mac = j.mac AND i.time_hour_rolled = j.time_hour_rolled) AS detected"
        )

    def _one(self, sql: str) -> tuple[int, ...]:
        row = self._connection.execute(sql).fetchone()
        assert row is not None
        return row


def without_detection(sql: str, judged: Callable[[str, str, str], str]) -> str:
    """*sql* with each call of ML.DETECT_ANOMALIES replaced by *judged* of its model, threshold and query of points."""
    while call := _DETECT.search(sql):
        name, threshold = call.groups()
        end = _closing(sql, call.end() - 1)
        outer = sql.index(")", end + 1)
        sql = sql[: call.start()] + judged(name, threshold, sql[call.end() : end]) + sql[outer + 1 :]
    return sql


def _closing(sql: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[position], 0)
        if depth == 0:
            return position
    raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "unbalanced brackets")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _within(value: float, lowest: str, highest: str) -> bool:
    return (not lowest or value >= float(lowest)) and (not highest or value <= float(highest))
