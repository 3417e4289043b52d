"""`wattif export`: exchange files of a dataset, month by month, some meters a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from threading import Event

from wattif.errors import Interrupted, InvalidValue
from wattif.exchange import standard_of
from wattif.exchange.meter_month import ENERGY_OF, MeterMonth, MeterMonths
from wattif.exchange.periods import months_of, period_of, whole_days
from wattif.exchange.standard import ExchangeFile, Standard
from wattif.model.scenario import scenario_of, world_of
from wattif.spec import Spec
from wattif.tables.readings import fields_of

_UNFINISHED = ".part"  # ending of a file that is not yet whole


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What `wattif.export` wrote.

    Attributes
    ----------
    folder
        Where the files are.
    first_day
        First day of the files, in the standard's time.
    last_day
        Last day of the files, included.
    files
        Number of files.
    readings
        Intervals of the meters' streams, whether or not a row came.
    bytes
        Size of the files.
    seconds
        How long it took.
    """

    folder: Path
    first_day: date
    last_day: date
    files: int
    readings: int
    bytes: int
    seconds: float


def export(spec: Spec, standard: str, out: str | Path, *, stop: Event | None = None) -> Exported:
    """Write the readings of a dataset as meter-data exchange files: whole local days, a file a month and some meters.

    Parameters
    ----------
    spec
        The dataset.
    standard
        ``nem12``, ``nem13``, ``espi`` (Green Button), or ``cim``.
    out
        A folder that is new or empty.
    stop
        Set it to end early.

    Returns
    -------
    Exported
        Which days, how many files and readings.

    Raises
    ------
    wattif.errors.InvalidValue
        There is no such standard, it has no place for such readings, no day is whole, or the folder cannot be used.
    wattif.errors.Interrupted
        *stop* was set. Files that have their name are whole.

    Examples
    --------
    Days of market time, ten hours ahead of UTC: of three UTC days, two are whole.

    >>> spec = wattif.Spec(start="2024-01-01", end="2024-01-03", meters=10, interval=300, city="sydney")
    >>> made = wattif.export(spec, "nem12", "exchange")
    >>> made.first_day.isoformat(), made.last_day.isoformat(), made.files, made.readings
    ('2024-01-02', '2024-01-03', 1, 5760)

    >>> from pathlib import Path
    >>> [path] = Path("exchange").iterdir()
    >>> path.read_text().splitlines()[:2]
    ['100,NEM12,202402010000,WATTIF,RETAILER', '200,WF00000000,E1,E1,E1,,AA99585A0BE0,KWH,5,']
    """
    began, folder = time.perf_counter(), Path(out)
    found, world = standard_of(standard), world_of(spec)
    found.check_interval(spec.interval)
    energies = tuple(field.name for field in fields_of(spec) if field.name in ENERGY_OF)
    if not energies:
        raise InvalidValue("columns", spec.columns, f"have no energy to send; add one of {', '.join(ENERGY_OF)}")
    zones = {city.id: found.time_zone_of(city) for city in world.cities}
    days = {city: whole_days(time_zone, spec.start, spec.end, spec.interval) for city, time_zone in zones.items()}
    if not any(days.values()):
        raise InvalidValue("end", spec.end, f"no day of {found.title} lies whole in the dataset; choose a later one")
    _prepare(folder)
    months = MeterMonths(scenario_of(spec, world))
    files = readings = size = 0
    for first in range(0, spec.meters, spec.meters_per_file):
        meters = range(first, min(first + spec.meters_per_file, spec.meters))
        writer = found()
        for month in months_of(spec.start, spec.end):
            periods = {city: period_of(zones[city], own, month) for city, own in days.items()}
            made = _Counted(months.of(meters, periods), stop)
            if made.is_empty:
                continue
            file = ExchangeFile(
                month=month,
                first_meter=first,
                last_meter=meters[-1],
                interval_s=spec.interval,
                energies=energies,
            )
            path = folder / writer.file_name(file)
            _write(writer, path, file, made)
            files, readings, size = files + 1, readings + made.readings * len(energies), size + path.stat().st_size
    return Exported(
        folder=folder,
        first_day=min(own[0].day for own in days.values() if own),
        last_day=max(own[-1].day for own in days.values() if own),
        files=files,
        readings=readings,
        bytes=size,
        seconds=time.perf_counter() - began,
    )


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidValue("out", folder, "is not empty; name another folder, or empty it")
    except OSError as error:
        raise InvalidValue("out", folder, f"{error.strerror or error}; name another folder") from error


def _write(writer: Standard, path: Path, file: ExchangeFile, meters: _Counted) -> None:
    """A file that has its name once it is whole."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as stream:
            writer.write(stream, file, meters)
        unfinished.replace(path)
    except OSError as error:
        raise InvalidValue(
            "out", path.parent, f"{error.strerror or error}; make room, or name another folder"
        ) from error


class _Counted(Iterator[MeterMonth]):
    """Months of meters, counted as they pass; `Interrupted` when *stop* is set."""

    def __init__(self, meters: Iterator[MeterMonth], stop: Event | None) -> None:
        self._stop = stop
        first = next(meters, None)
        self.is_empty = first is None
        self._meters = iter(()) if first is None else chain([first], meters)
        self.readings = 0  # of one stream

    def __next__(self) -> MeterMonth:
        if self._stop is not None and self._stop.is_set():
            raise Interrupted("the export was interrupted")
        meter = next(self._meters)
        self.readings += (meter.period.end_s - meter.period.start_s) // meter.interval_s
        return meter
