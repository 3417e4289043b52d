"""Incidents as a folder: a file a table, and a report; all of it, or nothing."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from wattif.data_set.files import FORMATS, TableFile, known_format, open_table
from wattif.data_set.folder import whole_folder
from wattif.data_set.report import NAME as REPORT
from wattif.data_set.report import ROWS, has_settings, report_text, rows_lines
from wattif.engine.shard import share_of
from wattif.incidents.block import Block
from wattif.incidents.rows import Rows, RowsOfBlock, RowsOfSetting, all_rows
from wattif.incidents.setting import Setting
from wattif.incidents.spec import IncidentSpec
from wattif.tables import incidents as tables
from wattif.tables.arrow import arrow_schema

BLOCK_INCIDENTS = 20_000  # at once: a few MB of each table
SHARD = "shard"  # what the report calls it


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes
    ----------
    folder
        Where it lies.
    rows
        How many rows each table has, by its name.
    """

    folder: Path
    rows: Mapping[str, int]


def write_incidents(
    spec: IncidentSpec,
    output_dir: str | Path,
    *,
    output_format: str = "csv",
    overwrite: bool = False,
    progress: Callable[[int], object] = lambda incidents: None,
) -> Written:
    """Write the incidents that *spec* describes into a folder, block by block: few rows are in memory at once.

    Parameters
    ----------
    spec
        The incidents.
    output_dir
        The folder; it appears as a whole, or not at all.
    output_format
        Of the tables: ``csv``, ``parquet`` or ``ndjson``.
    overwrite
        Replace another data set; other files in the folder stay.
    progress
        Is told how many more incidents are written.

    Returns
    -------
    Written
        What was written.

    Raises
    ------
    wattif.errors.InvalidValue
        *spec* names a city that there is not, or *output_dir* cannot be written.

    Examples
    --------
    >>> import wattif
    >>> from wattif.incidents.write import write_incidents
    >>> spec = wattif.IncidentSpec(incident_count=500, seed=7, window_end="2024-07-01")
    >>> written = write_incidents(spec, "incidents")
    >>> written.rows["incidents"], written.rows["stations"]
    (500, 25)
    """
    settings = spec.model_dump(mode="json", exclude_none=True)
    return write_setting(
        Setting.of(spec),
        settings,
        Path(output_dir),
        output_format=known_format(output_format),
        overwrite=overwrite,
        progress=progress,
    )


def write_setting(
    setting: Setting,
    settings: Mapping[str, object],
    folder: Path,
    *,
    output_format: str,
    overwrite: bool,
    progress: Callable[[int], object],
    shard: str | None = None,
) -> Written:
    """The same of a *setting*, which *settings* describe; of a *shard* in a folder of its own, below *folder*."""
    wanted = [each for each in all_rows().values() if each.option is None or getattr(setting.spec, each.option)]
    settings = {**settings, "output_format": output_format}
    if shard is not None:
        settings, folder = {**settings, SHARD: shard}, folder / share_of(shard).name
    numbers = share_of(shard).stretch(setting.spec.incident_count)
    own = frozenset({REPORT, *(f"{each.table.name}.{ending}" for each in all_rows().values() for ending in FORMATS)})
    setting.prepare()
    with whole_folder(folder, own, lambda there: has_settings(there, settings), overwrite=overwrite) as new:
        with ExitStack() as stack:
            files = {
                each.table.name: stack.enter_context(
                    closing(
                        open_table(
                            new / f"{each.table.name}.{output_format}", arrow_schema(each.table.columns), quotes=True
                        )
                    )
                )
                for each in wanted
            }
            rows = dict.fromkeys(files, 0)
            figures = _Figures()
            for made in _made(setting, numbers, wanted, files):
                for name, (packed, count) in made.packed.items():
                    files[name].append(packed)
                    rows[name] += count
                figures.add(made.counts)
                progress(made.incidents)
        parts_told = {ROWS: rows_lines(rows), **figures.parts()}
        (new / REPORT).write_text(report_text("incidents", settings, parts_told), encoding="utf-8")
    return Written(folder=folder, rows=rows)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """Some incidents, ready to be appended."""

    packed: Mapping[str, tuple[Any, int]]  # by table; and how many rows
    counts: Mapping[str, Counter[str]]  # of each code, by column
    incidents: int


def _made(setting: Setting, numbers: range, wanted: Sequence[Rows], files: Mapping[str, TableFile]) -> Iterator[_Made]:
    """The small tables; then block by block those of the incidents *numbers*, few of them in memory at once."""

    def packed(tables_of: Mapping[str, pa.Table]) -> Mapping[str, tuple[Any, int]]:
        return {name: (files[name].packed(table), len(table)) for name, table in tables_of.items()}

    small = {each.table.name: each.make(setting) for each in wanted if isinstance(each, RowsOfSetting)}
    yield _Made(packed=packed(small), counts={}, incidents=0)
    makers = {each.table.name: each.make for each in wanted if isinstance(each, RowsOfBlock)}

    def made(first: int) -> _Made:
        block = Block(setting=setting, first=first, count=min(BLOCK_INCIDENTS, numbers.stop - first))
        own = {name: make(block) for name, make in makers.items()}
        counts = {name: Counter(own[tables.INCIDENTS.name][name].to_pylist()) for name in _COUNTED}
        return _Made(packed=packed(own), counts=counts, incidents=block.count)

    workers, waiting = os.cpu_count() or 1, deque[Future[_Made]]()
    with ThreadPoolExecutor(workers, thread_name_prefix="incidents") as pool:
        for first in range(numbers.start, numbers.stop, BLOCK_INCIDENTS):
            waiting.append(pool.submit(made, first))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_COUNTED = ("type_code", "status_code", "severity_code", "weather_condition_code")  # columns that the report tells of


class _Figures:
    """What the report tells of the incidents: how many of each code."""

    def __init__(self) -> None:
        self._counts = {name: Counter[str]() for name in _COUNTED}

    def add(self, counts: Mapping[str, Counter[str]]) -> None:
        """Count some more."""
        for name, more in counts.items():
            self._counts[name] += more

    def parts(self) -> dict[str, list[str]]:
        """Lines of the report."""
        return {
            f"By {name}": [f"{code}: {count:,}" for code, count in sorted(counts.items())]
            for name, counts in self._counts.items()
        }
