"""From the spec to the report: open what is compared, compare it, and report to people and machines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Event
from typing import Any, TextIO

from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.delivery import expected_objects_of
from wattif.answers.reconcile.differences import Difference, Tally
from wattif.answers.reconcile.lake import LakeCheck, intended_faults
from wattif.answers.reconcile.outputs import JsonOutput, Output, ParquetOutput
from wattif.answers.reconcile.report import Report
from wattif.answers.reconcile.table_files import unequal_files
from wattif.answers.reconcile.whole_tables import WholeTables
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import stored_document
from wattif.lake.identity import Identity, whole_dataset
from wattif.lake.open import opened
from wattif.model.scenario import Scenario, drawn_events, fleet_of, scenario_of, world_of
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store
from wattif.warehouse.place import WarehousePlace

_CONNECTIONS = 32  # requests at once: a manifest is one


def reconcile(
    spec: Spec,
    lake: Store | str | Path,
    comparison: Comparison,
    out: TextIO,
    *,
    place: WarehousePlace | None = None,
    as_json: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
) -> bool:
    """As `compare`; the report goes to *out*, for people or *as_json*. Returns whether all is explained."""
    with contextlib.ExitStack() as files:
        json = files.enter_context(JsonOutput()) if as_json else None
        outputs = [] if json is None else [json]
        report = compare(spec, lake, comparison, place=place, outputs=outputs, retry=retry, stop=stop)
        if json is not None:
            json.print(report.to_dict(), out)
        else:
            print(report.summary, file=out)
    return report.ok


def compare(
    spec: Spec,
    lake: Store | str | Path,
    comparison: Comparison,
    *,
    place: WarehousePlace | None = None,
    outputs: Sequence[Output] = (),
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
) -> Report:
    """Compare the days of *spec* in *lake*, or in a table of the warehouse at *place*, with what must be there.

    Each difference goes to *outputs*, too; *retry* is the patience with a lake or a warehouse that does not answer.
    `LakeError` when the lake holds no dataset or another one, or does not answer; `Interrupted` when *stop* is set.
    """
    stop, tally = stop or Event(), Tally()
    store = opened(lake, threads=_CONNECTIONS // 2, retry=retry, stop=stop)
    whole = _identify(spec, store, of_table=comparison.of_table)
    with contextlib.ExitStack() as files:
        all_outputs: list[Output] = [tally, *outputs]
        if comparison.differences is not None:
            all_outputs.append(files.enter_context(ParquetOutput(comparison.differences)))
        if comparison.of_table:
            facts = _of_table(
                spec, whole, comparison, all_outputs, place=place or WarehousePlace(), retry=retry, stop=stop
            )
        else:
            facts = _of_lake(spec, whole, store, all_outputs, deep=comparison.deep, stop=stop)
            fingerprint = Identity.of(whole, world_of(whole).cities).fingerprint
            _tell(unequal_files(whole, store, comparison, fingerprint), all_outputs)
    return Report(facts=facts, tally=tally)


def _identify(spec: Spec, store: Store, *, of_table: bool) -> Spec:
    """*spec* for all days of the dataset that lies in *store*, which must be its own."""
    document = stored_document(store)
    if document is None:
        if of_table:
            return spec
        raise LakeError(
            f"{store.place}: holds no dataset: there is no {layout.DATASET}; correct `lake`, `bucket` or `prefix`"
        )
    whole = whole_dataset(spec, document, store.place)
    differences = Identity.of(whole, world_of(whole).cities).differences(document, store.place)
    if differences:
        raise LakeError(
            f"{store.place} holds another dataset: {'; '.join(differences)}. Leave out the options that differ"
        )
    return whole


def _of_lake(
    spec: Spec, whole: Spec, store: Store, outputs: Iterable[Output], *, deep: bool, stop: Event
) -> dict[str, Any]:
    world = world_of(whole)
    unmeasured = Scenario(world=world, meters=whole.meters, fleet=fleet_of(whole, world), events={})
    scenario = scenario_of(whole, world) if deep else unmeasured  # measuring computes the days that events touch
    tables = WholeTables(whole, scenario, drawn_events(whole, world, scenario.fleet))
    check = LakeCheck(
        store, spec, whole, deliveries=expected_objects_of(spec, scenario), tables=tables, stop=stop, deep=deep
    )
    _tell(check.differences(), outputs)
    return {
        "place": store.place,
        "start": str(spec.start),
        "end": str(spec.end),
        "meters": spec.meters,
        "deep": deep,
        "manifests": check.seen.manifests,
        "objects": check.seen.objects,
        "bytes": check.seen.bytes,
        "on_purpose": intended_faults(store),
    }


def _of_table(
    spec: Spec,
    whole: Spec,
    comparison: Comparison,
    outputs: Iterable[Output],
    *,
    place: WarehousePlace,
    retry: RetryPolicy | None,
    stop: Event,
) -> dict[str, Any]:
    from wattif.answers.reconcile.table import compared_table, open_source  # their libraries are slow to import

    with (
        contextlib.closing(open_source(comparison, place, retry)) as source,
        compared_table(spec, whole, source, stop) as (counts, differences),
    ):
        _tell(differences, outputs)
    return {
        "place": counts.place,
        "start": str(spec.start),
        "end": str(spec.end),
        "meters": spec.meters,
        "hours": counts.hours,
        "inexact": dict(counts.inexact),
        "on_purpose": {cause: rows for cause, rows in sorted(counts.causes.items()) if rows},
    }


def _tell(differences: Iterable[Difference], outputs: Iterable[Output]) -> None:
    for difference in differences:
        for output in outputs:
            output.add(difference)
