"""The verdict on a scan: how well each metric and each kind of anomaly was found, and the table of it for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KindScore:
    """How well one kind of anomaly was found."""

    kind: str
    events: int  # that touch the judged days
    found: int  # with at least one flagged hour
    recall: float
    recall_by_chance: float  # what flags at the rate of the false alarms would have found
    hours: int  # of these events
    flagged_hours: int
    lift: float | None  # how many times as often its hours were flagged as clean ones; None without false alarms
    # median, from the start of an event, or of the judged days, to the end of its first flagged hour
    delay_h: float | None
    hidden_because: str | None  # why hours do not show it, where they do not


@dataclass(frozen=True, kw_only=True)
class MetricScore:
    """How good the flags of one metric were, or those of all together."""

    metric: str
    judged_hours: int
    no_verdict_hours: int
    flagged_hours: int
    precision: float | None  # share of the flagged hours that belong to an event; None without flags
    events: int
    found: int
    recall: float | None
    false_alarms: int  # flagged hours that belong to no event
    false_alarms_per_meter_month: float
    kinds: tuple[KindScore, ...]


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """The verdict on a scan."""

    place: str
    threshold: float
    scan_from: str
    scan_until: str
    metrics: tuple[MetricScore, ...]

    @property
    def summary(self) -> str:
        """For people: each metric in a line, then the kinds of all of them together."""
        lines = [f"{self.place}: judged {self.scan_from} to {self.scan_until} at {self.threshold}", ""]
        lines += _table(
            ("metric", "flagged h", "precision", "events", "found", "recall", "false alarms", "per meter-month"),
            (
                (
                    each.metric,
                    f"{each.flagged_hours:,}",
                    _share(each.precision),
                    f"{each.events:,}",
                    f"{each.found:,}",
                    _share(each.recall),
                    f"{each.false_alarms:,}",
                    f"{each.false_alarms_per_meter_month:.2f}",
                )
                for each in self.metrics
            ),
        )
        lines.append("")
        lines += _table(
            ("kind", "events", "found", "recall", "by chance", "lift", "delay h", "hidden from hours because"),
            (
                (
                    each.kind,
                    f"{each.events:,}",
                    f"{each.found:,}",
                    _share(each.recall),
                    _share(each.recall_by_chance),
                    "" if each.lift is None else f"{each.lift:.1f}",
                    "" if each.delay_h is None else f"{each.delay_h:.0f}",
                    each.hidden_because or "",
                )
                for each in self.metrics[-1].kinds
            ),
        )
        return "\n".join(lines)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns of text: the first and the last to the left, numbers to the right."""
    lines = [head, *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    last = len(head) - 1
    return [
        "  ".join(
            cell.ljust(width) if n in (0, last) and not cell[:1].isdigit() else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
