"""From the settings to the report: open what is compared, compare it, tell people and machines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from threading import Event
from typing import Any, TextIO

from wattif.answers.reconcile.delivery import delivery_of
from wattif.answers.reconcile.differences import Difference, Tally
from wattif.answers.reconcile.lake import LakeCheck, intended_faults
from wattif.answers.reconcile.outputs import JsonOutput, Output, ParquetOutput
from wattif.answers.reconcile.settings import ReconcileSettings
from wattif.engine.plan import Plan
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.dataset import Dataset, whole_dataset
from wattif.lake.place import open_store
from wattif.model.scenario import world_of
from wattif.uploader.store import Store

_CONNECTIONS = 32  # requests at once: a manifest is one


def reconcile(settings: ReconcileSettings, out: TextIO, stop: Event) -> bool:
    """Compare what *settings* name, write the report to *out*; whether every difference is explained.

    `LakeError` when the lake holds no dataset or another one, or does not answer; `Interrupted` when *stop* is set.
    """
    store = open_store(settings, threads=_CONNECTIONS // 2, stop=stop)
    whole = _identify(settings, store)
    tally = Tally()
    with contextlib.ExitStack() as files:
        json = files.enter_context(JsonOutput()) if settings.as_json else None
        outputs: list[Output] = [tally] if json is None else [tally, json]
        if settings.differences is not None:
            outputs.append(files.enter_context(ParquetOutput(settings.differences)))
        facts = (
            _of_table(settings, whole, outputs, stop)
            if settings.of_table
            else _of_lake(settings, whole, store, outputs, stop)
        )
        if json is not None:
            json.print({**facts, **_counts(tally)}, out)
        else:
            print(_to_text(facts, tally), file=out)
    return tally.differences == tally.explained


def _identify(settings: ReconcileSettings, store: Store) -> ReconcileSettings:
    """*settings* for all days of the dataset that lies in *store*, which must be theirs."""
    document = store.get_bytes(layout.DATASET)
    if document is None:
        if settings.of_table:
            return settings
        raise LakeError(
            f"{store.place}: no dataset lies here: there is no {layout.DATASET}; correct --lake, --bucket or --prefix"
        )
    whole = whole_dataset(settings, document, store.place)
    differences = Dataset.of(whole, world_of(whole).cities).differences(document, store.place)
    if differences:
        raise LakeError(
            f"{store.place} holds another dataset: {'; '.join(differences)}. Leave out the options that say so"
        )
    return whole


def _of_lake(
    settings: ReconcileSettings, whole: ReconcileSettings, store: Store, outputs: Iterable[Output], stop: Event
) -> dict[str, Any]:
    plan = Plan.of(settings)
    check = LakeCheck(store, plan, delivery_of(whole, plan), (whole.start, whole.end), stop, deep=settings.deep)
    _tell(check.differences(), outputs)
    return {
        "place": store.place, "start": str(plan.start), "end": str(plan.end), "meters": plan.meters,
        "deep": settings.deep, "manifests": check.seen.manifests, "objects": check.seen.objects,
        "bytes": check.seen.bytes, "on_purpose": intended_faults(store),
    }  # fmt: skip


def _of_table(
    settings: ReconcileSettings, whole: ReconcileSettings, outputs: Iterable[Output], stop: Event
) -> dict[str, Any]:
    from wattif.answers.reconcile.table import compared_table  # its libraries are slow to import

    with compared_table(settings, whole, stop) as (counts, differences):
        _tell(differences, outputs)
    return {
        "place": counts.place, "start": str(settings.start), "end": str(settings.end), "meters": settings.meters,
        "hours": counts.hours, "on_purpose": {cause: rows for cause, rows in sorted(counts.causes.items()) if rows},
    }  # fmt: skip


def _tell(differences: Iterable[Difference], outputs: Iterable[Output]) -> None:
    for difference in differences:
        for output in outputs:
            output.add(difference)


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "differences": tally.differences,
        "explained": tally.explained,
        "verdicts": {
            verdict: {
                "differences": group.differences, "readings": group.readings, "objects": len(group.places),
                "meters": len(group.macs), "explained": group.explained,
            }
            for verdict, group in sorted(tally.by_verdict.items())
        },
    }  # fmt: skip


def _to_text(facts: Mapping[str, Any], tally: Tally) -> str:
    lines = [f"{facts['place']}: {facts['start']} to {facts['end']}, {facts['meters']:,} meters"]
    if "objects" in facts:
        read = "every row" if facts["deep"] else "sizes and checksums; --deep reads the rows, too"
        lines.append(
            f"compared: {facts['objects']:,} objects of {facts['bytes']:,} bytes,"
            f" {facts['manifests']:,} manifests ({read})"
        )
    if "hours" in facts:
        lines.append(f"compared: {facts['hours']:,} hours of meters")
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
