"""`generation_report.txt`: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wattif.version import __version__

NAME = "generation_report.txt"
_SETTINGS = "Settings"


def report_text(what: str, settings: Mapping[str, object], parts: Mapping[str, Sequence[str]]) -> str:
    """The report: the *settings*, and the lines of *parts* by their titles; the same data set has the same."""
    parts = {_SETTINGS: list(_lines(settings)), **parts}
    return f"WattIf {__version__}: {what}\n" + "".join(
        f"\n{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in parts.items() if lines
    )


def has_settings(folder: Path, settings: Mapping[str, object]) -> bool:
    """Whether the report in *folder* tells of the same *settings*."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    told = text.partition(f"\n{_SETTINGS}\n")[2].partition("\n\n")[0].splitlines()
    return [line.strip() for line in told] == list(_lines(settings))


def _lines(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"{name}: {value}"
