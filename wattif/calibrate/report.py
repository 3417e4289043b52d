"""What a calibration found: the data beside what the model made before and makes now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattif.calibrate.figures import ClassFigures, shape_error


@dataclass(frozen=True, kw_only=True)
class Line:
    """A figure of a class; spans are the quantiles 10, 50 and 90 % of its meters."""

    figure: str
    data: tuple[float, ...] | float
    before: tuple[float, ...] | float | None  # of the city alike
    after: tuple[float, ...] | float | None  # of the calibrated city
    carried: bool  # the city file holds it


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """A class of customers."""

    meter_class: str
    meters: int
    days: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A calibration."""

    files: tuple[str, ...]
    out: str
    city: str
    like: str
    meters: int
    first_day: str  # local
    last_day: str
    days: int
    interval_s: int
    readings: int
    zero_share: float  # of the readings
    missing_share: float  # of the readings between a meter's first and last one
    season: tuple[float, ...] | None
    trend_per_month: float | None
    classes: tuple[ClassReport, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """For people."""
        lines = [
            f"{self.city}: calibrated to {self.meters:,} meters and {self.days:,} days, {self.first_day} to"
            f" {self.last_day}: {self.readings:,} readings of {self.interval_s:,} s",
            f"readings at zero {self.zero_share:.2%}, missing {self.missing_share:.2%}"
            + ("" if self.trend_per_month is None else f", growth {self.trend_per_month:+.2%} a month"),
        ]
        if self.season is not None:
            lines.append("season, January first: " + " ".join(f"{each:+.2f}" for each in self.season))
        for each in self.classes:
            lines += [
                "",
                f"{each.meter_class}: {each.meters:,} meters, {each.days:,} days",
                *_table(self.like, each.lines),
            ]
        lines += ["", *self.notes, f"written: {self.out}; use it with --cities {self.out} --city {self.city}"]
        return "\n".join(lines)


_FIGURES = {  # of `ClassFigures`: what they are called, and whether the city file holds them
    "month_kwh": ("mean month, kWh", True),
    "spread_ln": ("spread of the meters (sd of ln)", True),
    "night_ratio": ("night 0-6 h / mean", True),
    "evening_ratio": ("evening 17-21 h / mean", True),
    "weekend_ratio": ("free days / working days", True),
    "base_share": ("base share", False),
    "daily_variation": ("variation of daily energy", False),
    "load_factor": ("mean / highest hour", False),
    "zero_hours": ("share of hours at zero", False),
}
_SHAPE = "difference from the mean days"


def class_report(
    name: str, data: ClassFigures, before: ClassFigures | None, after: ClassFigures | None, *, shaped: bool
) -> ClassReport:
    """The figures of a class side by side; *shaped*: the city file holds its mean days."""
    lines = []
    for field, (figure, carried) in _FIGURES.items():
        by_shape = field.endswith("_ratio")
        lines.append(
            Line(
                figure=figure,
                data=getattr(data, field),
                before=None if before is None else getattr(before, field),
                after=None if after is None else getattr(after, field),
                carried=carried and after is not None and (shaped or not by_shape),
            )
        )
    if before is not None and after is not None and shaped:
        errors = (shape_error(data.weeks, each.weeks) for each in (before, after))
        lines.append(Line(figure=_SHAPE, data=0.0, before=next(errors), after=next(errors), carried=True))
    return ClassReport(meter_class=name, meters=data.meters, days=data.days, lines=tuple(lines))


def _table(like: str, lines: Sequence[Line]) -> list[str]:
    rows = [("figure", "data", f"before ({like})", "after", "in the file")]
    rows += [
        (each.figure, _text(each.data), _text(each.before), _text(each.after), "yes" if each.carried else "no")
        for each in lines
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(5)]
    return [
        "  ".join(
            cell.ljust(width) if n in (0, 4) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _text(value: tuple[float, ...] | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " / ".join(f"{each:.2f}" for each in value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"
