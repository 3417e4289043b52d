"""From a user's files to a city file and a report of the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wattif.calibrate.city_file import check_place, write_city
from wattif.calibrate.columns import Asked
from wattif.calibrate.figures import ClassFigures, figures_of
from wattif.calibrate.fit import Fit, fit_city
from wattif.calibrate.measured import LEAST_DAYS, LEAST_METERS, Measured
from wattif.calibrate.read import Data, read_data
from wattif.calibrate.report import Report, class_report
from wattif.calibrate.simulate import simulate
from wattif.errors import InvalidValue, UsageError, WattIfError, choose_from
from wattif.extras import needs
from wattif.model.cities import City, load_cities
from wattif.numeric.calendar import day_of, is_zone
from wattif.spec.values import CLASS_IDS


def calibrate(
    files: Sequence[Path],
    out: Path,
    asked: Asked,
    *,
    city_id: str,
    like: str | None = None,
    cities: Path | None = None,
    time_zone: str | None = None,
    default_class: str = CLASS_IDS[0],
    pictures: Path | None = None,
    overwrite: bool = False,
) -> Report:
    """Write the city *out* that these *files* describe, and say how well the model follows them with it.

    *like*: the city, shipped or of the file *cities*, whose figures stand where data says nothing; by default, the
    first one in *time_zone*.
    *default_class*: of all meters, where no column says it. `UsageError` names what cannot be done.
    """
    check_place(out, overwrite=overwrite)
    base = _city_like(like, time_zone, cities)
    data = read_data(files, asked, base, CLASS_IDS.index(default_class))
    measured = _enough(data.measured, files)
    figures = _figures(measured)
    fit = fit_city(measured, figures, base, city_id=city_id, has_classes=data.has_classes)
    days = _days(measured)
    first, last = (day_of(int(day)) for day in (days[0], days[-1]))
    made = [simulate(city, fit.classes, first, last) for city in (base, fit.city)]
    notes = (
        f"like {base.id}: what the data does not say",
        *data.notes,
        *_left_out(data.measured, measured),
        *fit.notes,
    )
    report = _report(
        files=files,
        out=out,
        data=data,
        measured=measured,
        figures=figures,
        fit=fit,
        like=base.id,
        made=[_figures(each) for each in made],
        notes=notes,
    )
    if pictures is not None:
        _draw(pictures, report, measured, made)
    comments = [
        f"from {report.meters} meters and {report.days} days, {first} to {last}",
        f"what they do not say is as in {base.id}: correct country and place before you use them",
    ]
    write_city(fit.city, out, comments)
    return report


def _city_like(name: str | None, time_zone: str | None, file: Path | None) -> City:
    """The city whose figures stand where data says nothing, in the time zone of the data."""
    cities = load_cities(file)
    if time_zone is not None and not is_zone(time_zone):
        raise InvalidValue("time_zone", time_zone, "no time zone of the IANA database; for example Europe/London")
    if name is None:
        name = next((each.id for each in cities.values() if each.time_zone == time_zone), None)
    if name is None:
        reason = (
            "tell which city is most alike in climate and mains"
            if time_zone is None
            else f"no known city is in {time_zone}; tell which is most alike in climate and mains"
        )
        raise UsageError(f"`like` is missing: {reason}: {', '.join(cities)}")
    if name not in cities:
        raise InvalidValue("like", name, f"unknown city{choose_from(name, cities)}, or add it with `cities`")
    city = cities[name]
    return city if time_zone is None else replace(city, time_zone=time_zone)


def _enough(measured: Measured, files: Sequence[Path]) -> Measured:
    """The meters with enough days; `UsageError` when meters or days are too few."""
    place = str(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    there = ~np.isnan(measured.daily())
    if (days := int(there.any(axis=0).sum())) < LEAST_DAYS:
        raise UsageError(f"{place}: {days} days are too few to calibrate to; at least {LEAST_DAYS} are needed")
    chosen = (there.sum(axis=1) >= LEAST_DAYS) & (measured.mean_wh > 0.0)
    if (meters := int(chosen.sum())) < LEAST_METERS:
        raise UsageError(
            f"{place}: {meters} of {len(chosen)} meters have {LEAST_DAYS} days and use energy; at least"
            f" {LEAST_METERS} are needed"
        )
    enough = measured.only(chosen)
    if max(np.bincount(enough.meter_class)) < LEAST_METERS:
        raise UsageError(f"{place}: no class has {LEAST_METERS} meters; leave out the class, or give more")
    return enough


def _left_out(all_meters: Measured, kept: Measured) -> list[str]:
    left = len(all_meters.wh) - len(kept.wh)
    return [f"{left:,} meters with fewer than {LEAST_DAYS} days, or without any use, were left out"] if left else []


def _figures(measured: Measured) -> dict[str, ClassFigures]:
    return {CLASS_IDS[number]: figures_of(measured.of_class(number)) for number in np.unique(measured.meter_class)}


def _report(
    *,
    files: Sequence[Path],
    out: Path,
    data: Data,
    measured: Measured,
    figures: Mapping[str, ClassFigures],
    fit: Fit,
    like: str,
    made: Sequence[Mapping[str, ClassFigures]],
    notes: tuple[str, ...],
) -> Report:
    profiles = fit.city.profiles
    days = _days(measured)
    return Report(
        files=tuple(map(str, files)),
        out=str(out),
        city=fit.city.id,
        like=like,
        meters=len(measured.wh),
        first_day=_day(int(days[0])),
        last_day=_day(int(days[-1])),
        days=len(days),
        interval_s=data.interval_s,
        readings=data.readings,
        zero_share=float(measured.zero.mean()),
        missing_share=float(measured.missing.mean()),
        season=fit.course.season,
        trend_per_month=fit.course.trend,
        classes=tuple(
            class_report(
                name,
                each,
                made[0].get(name),
                made[1].get(name),
                shaped=profiles is not None and profiles[name] is not None,
            )
            for name, each in figures.items()
        ),
        notes=notes,
    )


def _days(measured: Measured) -> NDArray[np.int64]:
    """The local days of which enough is known, days since 1970."""
    days: NDArray[np.int64] = np.unique(measured.clock.day)[(~np.isnan(measured.daily())).any(axis=0)]
    return days


def _day(number: int) -> str:
    return str(day_of(number))


def _draw(out: Path, report: Report, measured: Measured, made: Sequence[Measured]) -> None:
    with needs("plot"):
        from wattif.calibrate import pictures
        from wattif.show.figure import save
    sets = (measured, *made)
    classes = {}
    for number in np.unique(made[0].meter_class):
        data, before, after = (each.of_class(number) for each in sets)
        classes[CLASS_IDS[number]] = pictures.Drawn(
            figures=(figures_of(data), figures_of(before), figures_of(after)),
            means_wh=(data.mean_wh, before.mean_wh, after.mean_wh),
        )
    title = f"{report.city}: {report.meters:,} meters, {report.days:,} days, {report.first_day} to {report.last_day}"
    try:
        save(pictures.draw(title, report.like, classes), out)
    except OSError as error:
        raise WattIfError(f"`pictures` {out}: cannot be written: {error.strerror}; name another file") from None
