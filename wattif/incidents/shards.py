"""The shards of a data set of incidents: folders in one folder, which are loaded as the whole that they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wattif.data_set.report import Report, read_report
from wattif.engine.shard import Shard, share_of
from wattif.errors import InvalidValue
from wattif.incidents.write import SHARD


def folders_of(folder: Path) -> list[Path]:
    """*folder*, or those of the shards in it, by name.

    `InvalidValue` names `incidents` where these are not the whole of one data set.
    """
    own = read_report(folder)
    if own is not None:
        if SHARD in own.settings:
            _check({folder: own}, folder)
        return [folder]
    reports = {each: read_report(each) for each in sorted(folder.iterdir()) if not each.name.startswith(".")}
    shards = {each: report for each, report in reports.items() if report is not None and SHARD in report.settings}
    if not shards:
        return [folder]
    _check(shards, folder)
    return list(shards)


def _shard(report: Report) -> Shard:
    return share_of(report.settings[SHARD])


def _check(shards: Mapping[Path, Report], folder: Path) -> None:
    (first, one), *others = shards.items()
    for each, other in others:
        ours, theirs = _facts(one), _facts(other)
        for name in {**ours, **theirs}:
            if ours.get(name) != theirs.get(name):
                told = f"{first.name} has {name} {ours.get(name)}, {each.name} {theirs.get(name)}"
                raise InvalidValue("incidents", folder, f"{told}; keep the shards of one data set there")
    count, there = _shard(one).count, dict[int, Path]()
    for each, report in shards.items():
        known = there.setdefault(_shard(report).index, each)
        if known != each:
            told = f"{known.name} and {each.name} are both shard {_shard(report)}"
            raise InvalidValue("incidents", folder, f"{told}; remove one of them")
    missing = [Shard(index, count) for index in range(1, count + 1) if index not in there]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        reason = f"lacks shard {missing[0]}{more}; name the folder that holds the folders of all {count}"
        raise InvalidValue("incidents", folder, reason)


def _facts(report: Report) -> dict[str, str]:
    """What shards of one data set have in common."""
    return {"version": report.title, **report.settings, SHARD: f"of {_shard(report).count}"}
