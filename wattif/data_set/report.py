"""`generation_report.txt`: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wattif.version import __version__

NAME = "generation_report.txt"
ROWS = "Rows"  # the part that tells how many each table has
_SETTINGS = "Settings"


def report_text(what: str, settings: Mapping[str, object], parts: Mapping[str, Sequence[str]]) -> str:
    """The report: the *settings*, and the lines of *parts* by their titles; the same data set has the same."""
    parts = {_SETTINGS: list(_lines(settings)), **parts}
    return f"WattIf {__version__}: {what}\n" + "".join(
        f"\n{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in parts.items() if lines
    )


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report tells: the *title* with the version, the settings by name, and the rows by table where it does."""

    title: str
    settings: Mapping[str, str]
    rows: Mapping[str, int]


def read_report(folder: Path) -> Report | None:
    """The report in *folder*; None where there is none."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    rows = {name: count.replace(",", "") for name, count in _told(text, ROWS).items()}
    return Report(
        title=text.partition("\n")[0],
        settings=_told(text, _SETTINGS),
        rows={name: int(count) for name, count in rows.items() if count.isdecimal()},
    )


def rows_lines(rows: Mapping[str, int]) -> list[str]:
    """The lines of the part `ROWS`."""
    return list(_lines({name: f"{count:,}" for name, count in rows.items()}))


def _told(text: str, part: str) -> dict[str, str]:
    lines = text.partition(f"\n{part}\n")[2].partition("\n\n")[0].splitlines()
    return {name: value for name, _, value in (line.strip().partition(": ") for line in lines)}


def has_settings(folder: Path, settings: Mapping[str, object]) -> bool:
    """Whether the report in *folder* tells of the same *settings*."""
    report = read_report(folder)
    return report is not None and report.settings == {name: str(value) for name, value in settings.items()}


def _lines(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"{name}: {value}"
