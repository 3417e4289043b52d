"""What a comparison came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wattif.answers.reconcile.differences import Tally


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was compared, and how it differs from what must be there.

    Attributes
    ----------
    facts
        What was compared: place, days, meters, and objects or hours.
    tally
        The differences, counted by verdict.
    """

    facts: Mapping[str, Any]
    tally: Tally

    @property
    def ok(self) -> bool:
        """Whether every difference is explained by what goes wrong on purpose."""
        return self.tally.differences == self.tally.explained

    def to_dict(self) -> dict[str, Any]:
        """The facts, and the differences counted, all and by verdict."""
        tally = self.tally
        return {
            **self.facts,
            "differences": tally.differences,
            "explained": tally.explained,
            "verdicts": {
                verdict: {
                    "differences": group.differences,
                    "readings": group.readings,
                    "objects": len(group.places),
                    "meters": len(group.macs),
                    "explained": group.explained,
                }
                for verdict, group in sorted(tally.by_verdict.items())
            },
        }

    @property
    def summary(self) -> str:
        """The report, for people."""
        facts, tally = self.facts, self.tally
        lines = [f"{facts['place']}: {facts['start']} to {facts['end']}, {facts['meters']:,} meters"]
        if "objects" in facts:
            read = "every row" if facts["deep"] else "sizes and checksums; to compare the rows, add --deep"
            lines.append(
                f"compared: {facts['objects']:,} objects of {facts['bytes']:,} bytes,"
                f" {facts['manifests']:,} manifests ({read})"
            )
        if "hours" in facts:
            lines.append(f"compared: {facts['hours']:,} hours of meters")
        if facts.get("inexact"):
            columns = ", ".join(f"{name} ({kind})" for name, kind in facts["inexact"].items())
            lines.append(f"within what their type loses: {columns}; smaller changes cannot be seen")
        if facts.get("on_purpose"):
            lines.append("on purpose: " + ", ".join(f"{kind} {count:,}" for kind, count in facts["on_purpose"].items()))
        if not tally.differences:
            return "\n".join([*lines, "no difference"])
        counts = ", ".join(f"{verdict} {group.differences:,}" for verdict, group in sorted(tally.by_verdict.items()))
        unexplained = tally.differences - tally.explained
        plural = "s" if tally.differences > 1 else ""
        total = f"{tally.differences:,} difference{plural} ({counts}), {unexplained:,} not explained"
        lines += ["", tally.to_text(), "", total]
        return "\n".join(lines)
