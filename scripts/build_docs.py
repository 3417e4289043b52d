"""Write what the docs repeat of the code: options, fields, kinds of anomalies, columns of labels, the Python API.

python -m scripts.build_docs            write them
python -m scripts.build_docs --check    exit 1 when they are not as the code says
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scripts.api_page import api
from scripts.incident_figures import parts as incident_parts
from scripts.scale_model import parts as scale_parts
from wattif.cli.calibrate import CalibrateOptions
from wattif.cli.dataplex import DataplexVerbOptions
from wattif.cli.generate import GenerateOptions
from wattif.cli.grid import GridOptions
from wattif.cli.incidents import IncidentOptions
from wattif.cli.map import MapOptions
from wattif.cli.options import Options
from wattif.encode.encoder import RowSchema
from wattif.encode.ndjson.template import field_width, row_template
from wattif.exchange.quality import GOOD, NOT_SENT, QUALITIES
from wattif.model.anomalies import Kind
from wattif.model.anomaly_kinds import KINDS
from wattif.model.quantities import Status
from wattif.tables import air_quality, anomaly_labels, catalog, fault_labels, grid
from wattif.tables.column import Column
from wattif.tables.ddl import targets
from wattif.tables.readings import reading_fields
from wattif.tables.table import LakeTable

ROOT = Path(__file__).resolve().parent.parent
SPECIAL_DEFAULTS = {
    "staging_dir": "see text",
    "columns": "all ten",
    "staging_limit": "2GiB",
    "write_workers": "processors",
}
DRAWN_DEFAULTS = {**SPECIAL_DEFAULTS, "seed": "drawn", "window_end": "now"}  # where each run has its own


def options(verb: type[Options]) -> str:
    lines = ["| option | default | meaning |", "|---|---|---|"]
    shortcuts = verb.model_config.get("cli_shortcuts") or {}
    for name, field in verb.model_fields.items():
        if name in {"action", "files"}:
            continue  # words, not options
        flag = f"`--{(field.alias or name).replace('_', '-')}`" + (
            f", `-{shortcuts[name]}`" if name in shortcuts else ""
        )
        if field.is_required():
            default = "required"
        elif field.default_factory is not None:
            default = f"`{DRAWN_DEFAULTS[name]}`"
        elif field.default is None or field.default is False or field.default == "":
            default = SPECIAL_DEFAULTS.get(name, "")
        else:
            default = f"`{SPECIAL_DEFAULTS.get(name, field.default)}`"
        lines.append(f"| {flag} | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def with_parts(path: Path, parts: dict[str, str]) -> str:
    """The text of *path* with what stands between the marks of each part replaced."""
    text = path.read_text(encoding="utf-8")
    for name, made in parts.items():
        begin, end = f"<!-- {name}: made by scripts/build_docs.py -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + made + end + rest.split(end, 1)[1]
    return text


def kinds() -> str:
    lines = ["| kind | lasts | shows in | hits | expected_auc |", "|---|---|---|---|---|"]
    for name, kind in KINDS.items():
        one_or_two = "two neighbors" if kind.of_pair else "one meter"
        hits = "all meters of a transformer" if kind.of_transformer else one_or_two
        auc = "" if kind.expected_auc is None else f"{kind.expected_auc:.2f}"
        lines.append(f"| [`{name}`](#{name}) | {lasts(kind)} | {kind.visible_in} | {hits} | {auc} |")
    return "\n".join(lines) + "\n"


def status() -> str:
    lines = ["| bit | meaning |", "|---|---|", *(f"| {flag:d} | {flag.meaning} |" for flag in Status)]
    return "\n".join(lines) + "\n"


def lasts(kind: Kind) -> str:
    """The range of lengths in words."""
    low, high = kind.lengths
    if kind.unit == "period":
        return "from `--start` to `--end`"
    if kind.unit == "seconds":
        text = f"{duration(low)} to {duration(high)}"
    elif low == high:
        text = f"{low:g} {'reading' if kind.unit == 'readings' else 'whole day'}"
    else:
        text = f"{low:g} to {high:g} {'readings' if kind.unit == 'readings' else 'whole days'}"
    low, high = kind.aftermath_s
    return f"{text}, then {duration(low)} to {duration(high)}" if high else text


def duration(seconds: float) -> str:
    """In the largest unit of which it is a multiple."""
    size, unit = next(each for each in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")) if seconds % each[0] == 0)
    return f"{seconds / size:g} {unit}"


def columns(described: Iterable[Column]) -> str:
    """The columns of a table and what they mean."""
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for column in described:
        kind = f"{column.arrow_type}{', nullable' * column.nullable}"
        lines.append(f"| `{column.name}` | {kind} | {column.meaning} |")
    return "\n".join(lines) + "\n"


def months_of(table: grid.GridTable) -> str:
    """The columns of a table of the grid data set, those of a month as a pattern."""
    return columns(
        (
            *table.columns,
            *(
                replace(each, name=f"{each.name}_YYYY_MM", description=f"{each.description} the month")
                for each in table.monthly
            ),
        )
    )


def codes() -> str:
    """What exchange files call the quality of a reading."""
    meanings: dict[int, str] = {NOT_SENT: "no row came", GOOD: "good", **{flag: flag.meaning for flag in Status}}
    lines = ["| reading | NEM12 | ESPI | CIM |", "|---|---|---|---|"]
    for each in QUALITIES:
        nem = ", ".join(code for code in (each.nem_method, each.nem_reason, each.nem_text) if code)
        espi = "left out" if each.espi is None else each.espi
        lines.append(f"| {meanings[each.flag]} | {nem} | {espi} | {each.cim} |")
    return "\n".join(lines) + "\n"


def schema() -> str:
    fields = reading_fields(10)
    template = row_template(RowSchema(columns=tuple(fields.values())))
    lines = [
        "# The fields of a reading",
        "",
        "Generated by `scripts/build_docs.py` from the catalog (`wattif/tables/readings.py`). Ranges and widths are",
        "for a reading every 10 s; only the range of `consumption_wh` grows with the interval. All rows of a file have",
        f"the same length: {template.width} bytes with all fields, including the line feed. Numbers are right-aligned",
        "with spaces, which JSON allows.",
        "",
        "| field | unit | decimals | range | width | OBIS | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for field in fields.values():
        scale = 10**field.decimals
        limits = (
            f"{field.minimum / scale:,.{field.decimals}f} … {field.maximum / scale:,.{field.decimals}f}"
            if field.kind == "number"
            else ""
        )
        decimals = str(field.decimals) if field.kind == "number" else "string"
        lines.append(
            f"| `{field.name}` | {field.unit} | {decimals} | {limits} | {field_width(field)} | {field.obis} |"
            f" {field.description} |"
        )
    return "\n".join(lines) + "\n"


def all_tables() -> str:
    """The tables of the catalog, and how to get their schemas."""
    lines = [
        "",
        "# All tables",
        "",
        "What `wattif schema` knows, and what lies where. A partition is what one file, or one set of files, holds.",
        "",
        "| table | what | partition | files | key |",
        "|---|---|---|---|---|",
    ]
    for table in catalog.tables():
        partition, path = "", "in the warehouse"
        if isinstance(table, LakeTable):
            partition = f"{table.partition}; with `--extra-tables`" if table.is_extra else table.partition
            path = f"`{re.sub(r'(:[^}]*)}', '}', table.path)}`, {', '.join(table.endings)}"
        key = ", ".join(f"`{name}`" for name in table.key)
        lines.append(f"| `{table.name}` | {table.description} | {partition} | {path} | {key} |")
    return "\n".join([*lines, "", *SCHEMA_VERB]) + "\n"


SCHEMA_VERB = (
    "## Schemas for other engines",
    "",
    "```sh",
    "python -m wattif schema readings --for duckdb        # a view of the files, with exact types",
    "python -m wattif schema weather --for clickhouse",
    "python -m wattif schema smart_meter_readings_hour_rolled --for bigquery",
    "```",
    "",
    f"Targets: {', '.join(targets())}.",
    "SQL or Python for the lake at `--lake`, or `--bucket` and `--prefix`, with the",
    "columns of the dataset that lies there. Types that engines infer of JSON are floats; these keep every digit, and",
    "timestamps keep their zone. Polars reads decimals of JSON as floats, which the snippet rounds to the digits that",
    "were written: exact up to 15 digits, which no column exceeds. The tests run each snippet and compare the sum of",
    "`consumption_wh` with DuckDB's exact decimals; statements for BigQuery are only parsed. Lines that are no JSON",
    "stop an engine that does not skip them: `load` counts them instead. Tables of the warehouse have no files, so",
    "only bigquery, duckdb, clickhouse, postgres, arrow and json-schema know them.",
)


def main(arguments: list[str]) -> int:
    docs = ROOT / "docs"
    parts = {
        ROOT / "README.md": {"options": options(GenerateOptions)},
        docs / "air_quality.md": {"columns": columns(air_quality.TABLE.columns)},
        docs / "anomalies.md": {"kinds": kinds(), "status": status(), "labels": columns(anomaly_labels.TABLE.columns)},
        docs / "calibrate.md": {"options": options(CalibrateOptions)},
        docs / "dataplex.md": {"options": options(DataplexVerbOptions)},
        docs / "exchange.md": {"codes": codes()},
        docs / "grid.md": {
            "options": options(GridOptions),
            "transformers": months_of(grid.TRANSFORMERS),
            "meters": months_of(grid.METERS),
            "labels": months_of(grid.LABELS),
        },
        docs / "faults.md": {"labels": columns(fault_labels.TABLE.columns)},
        docs / "incidents.md": {"options": options(IncidentOptions), **incident_parts()},
        docs / "map.md": {"options": options(MapOptions)},
        docs / "scale.md": scale_parts(),
    }
    documents = {path: with_parts(path, made) for path, made in parts.items()} | {
        docs / "api.md": api(),
        docs / "schema.md": schema() + all_tables(),
    }
    if arguments == ["--check"]:
        stale = [path.name for path, text in documents.items() if not path.exists() or path.read_text() != text]
        print(
            f"docs: {', '.join(stale)} not as the code says: python -m scripts.build_docs"
            if stale
            else "docs: as built"
        )
        return 1 if stale else 0
    for path, text in documents.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
