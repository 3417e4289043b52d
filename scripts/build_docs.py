"""Write what the docs repeat of the code: options in README.md, fields in docs/schema.md, labels in docs/faults.md.

python -m scripts.build_docs            write them
python -m scripts.build_docs --check    exit 1 when they are not as the code says
"""

from __future__ import annotations

import sys
from pathlib import Path

from wattif.formats.schema import reading_fields
from wattif.formats.template import field_width, row_template
from wattif.lake.fault_labels import arrow_schema, label_columns
from wattif.settings import GenerateSettings

ROOT = Path(__file__).resolve().parent.parent
SPECIAL_DEFAULTS = {
    "staging_dir": "see text",
    "columns": "all ten",
    "staging_limit": "2GiB",
    "write_workers": "processors",
}


def options() -> str:
    lines = ["| option | default | meaning |", "|---|---|---|"]
    shortcuts = GenerateSettings.model_config.get("cli_shortcuts") or {}
    for name, field in GenerateSettings.model_fields.items():
        flag = f"`--{name.replace('_', '-')}`" + (f", `-{shortcuts[name]}`" if name in shortcuts else "")
        if field.is_required():
            default = "required"
        elif field.default is None or field.default is False or field.default == "":
            default = SPECIAL_DEFAULTS.get(name, "")
        else:
            default = f"`{SPECIAL_DEFAULTS.get(name, field.default)}`"
        lines.append(f"| {flag} | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def between_marks(path: Path, name: str, content: str) -> str:
    """The text of *path* with *content* between its marks of *name*."""
    begin, end = f"<!-- {name}: made by scripts/build_docs.py -->\n", f"<!-- end of {name} -->"
    before, rest = path.read_text(encoding="utf-8").split(begin)
    return before + begin + content + end + rest.split(end, 1)[1]


def labels() -> str:
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for column, field in zip(label_columns(), arrow_schema(), strict=True):
        lines.append(f"| `{column.name}` | {field.type}{', nullable' * column.nullable} | {column.description} |")
    return "\n".join(lines) + "\n"


def schema() -> str:
    fields = reading_fields(10)
    template = row_template(tuple(fields.values()))
    lines = [
        "# The fields of a reading",
        "",
        "Made by `scripts/build_docs.py` out of `wattif/formats/schema.py`, the single declaration. Ranges and widths",
        "are those of a reading every 10 s; only the range of `consumption_wh` grows with the interval. All rows of a",
        f"file have the same length: {template.width} bytes with all fields, the line feed included. Numbers are",
        "right-aligned with spaces, which JSON allows.",
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


def main(arguments: list[str]) -> int:
    faults = ROOT / "docs" / "faults.md"
    documents = {
        ROOT / "README.md": between_marks(ROOT / "README.md", "options", options()),
        ROOT / "docs" / "schema.md": schema(),
        faults: between_marks(faults, "labels", labels()),
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
