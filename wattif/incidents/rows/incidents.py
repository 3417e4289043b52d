"""Rows of `incidents`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.incidents import texts
from wattif.incidents.block import SEVERITY_FACTORS, Block, For
from wattif.incidents.columns import moments, table_of, where
from wattif.incidents.draws import Floats, Numbers, chosen, lognormal
from wattif.incidents.kinds import codes, incident_types
from wattif.incidents.rows import RowsOfBlock
from wattif.incidents.sphere import geohashes, wkt_points
from wattif.numeric.ieee import exp
from wattif.tables import incidents as tables
from wattif.tables.arrow import decimals

_MOST_CASUALTIES = 12
_INJURIES = 0.004  # responders hurt in an incident of medium severity, mean; assumed
_DAMAGE_SIGMA = 1.0  # of the logarithm; assumed
_POWERS = 10 ** np.arange(18)
_REFERENCES = 0.9  # share of the incidents that have a number elsewhere, too; assumed


def incident_rows(block: Block) -> pa.Table:
    """Rows of `incidents`."""
    spec, hours, setting = block.setting.spec, block.setting.hours, block.setting
    longitude, latitude = block.coordinates
    language = setting.language
    types, weather = incident_types(), hours.weather[block.hour]
    told, variant = block.one_of([each.told if each else () for each in setting.scene_texts], For.TOLD)
    narrative = texts.joined(
        [
            texts.composed(told, variant, block.slots),
            texts.composed([language.weather[each] for each in codes("weather_conditions")], weather, block.slots),
            texts.picked([language.sources[each] for each in codes("sources")], block.source),
        ],
        language.between,
    )
    factor = SEVERITY_FACTORS[block.severity]
    called_off = block.has_status("CANCELLED")
    others = _counts(np.array([each.casualties for each in types])[block.kind] * factor, block.drawn[For.CASUALTIES])
    injuries = _counts(_INJURIES * factor, block.drawn[For.INJURIES])
    casualties = np.array([each.casualties_min for each in types])[block.kind] + others + injuries
    median = np.array([each.damage for each in types])[block.kind] * factor * setting.locale.per_usd
    damage = lognormal(median, _DAMAGE_SIGMA, block.normals(For.DAMAGE))
    cents = np.where(called_off, 0, 100 * _estimated(damage.round().astype(np.int64)))
    kept = np.where(called_off, 0, 1)
    reference = (block.drawn[For.REFERENCE] * 10**10).astype(np.int64)
    return table_of(
        tables.INCIDENTS,
        {
            "incident_number": block.incident_number,
            "external_reference": where(
                block.drawn[For.REFERENCED] < _REFERENCES, texts.numbered("CAD-", reference, 10)
            ),
            "title": texts.composed([language.text_of(each).title for each in types], block.kind, block.slots),
            "narrative": narrative,
            "type_code": texts.picked([each.code for each in types], block.kind),
            "severity_code": texts.picked(codes("severities"), block.severity),
            "status_code": texts.picked(codes("statuses"), block.status),
            "source_code": texts.picked(codes("sources"), block.source),
            "weather_condition_code": texts.picked(codes("weather_conditions"), weather),
            "primary_station_code": texts.picked(setting.station_codes, block.station),
            "occurrence_at": moments(block.occurrence_s),
            **{name: moments(seconds) for name, seconds in block.times.items()},
            "location_lat": pa.array(latitude),
            "location_lng": pa.array(longitude),
            "location_wkt": wkt_points(longitude, latitude),
            "location_geohash": geohashes(longitude, latitude, spec.geohash_precision),
            **setting.addresses(block.place, block.house, block.flat),
            "casualty_count": pa.array(casualties * kept),
            "responder_injuries": pa.array(injuries * kept),
            "estimated_damage_amount": decimals(cents, pa.decimal128(14, 2)),
            "is_active": pa.array(block.has_status("REPORTED", "DISPATCHED", "ON_SCENE")),
            "metadata": _metadata(block),
        },
    )


def _estimated(amounts: Numbers) -> Numbers:
    """Whole numbers as people estimate them: of two digits that count."""
    step = 10 ** np.maximum(np.searchsorted(_POWERS, amounts, side="right") - 2, 0)
    rounded: Numbers = (amounts + step // 2) // step * step
    return rounded


def _counts(mean: Floats, uniforms: Floats) -> Numbers:
    """Poisson, given the mean of each."""
    means, which = np.unique(mean, return_inverse=True)
    return chosen(_poisson_shares(means)[which], uniforms)


def _metadata(block: Block) -> pa.Array:
    """JSON of what is known of each: keys are always the same for incidents of one sort."""
    places = block.setting.places
    whole = texts.joined(
        ['{"zone_id":"', texts.picked(places.zone_id, block.place), '","temperature_c":', block.slots["temperature"]],
        "",
    )
    without_power = pa.array(np.where(_loses_power()[block.kind], block.customers, 0)).cast(pa.string())
    grid = texts.joined(
        [
            whole,
            ',"transformer_id":"',
            block.slots["transformer"],
            '","feeder_id":"',
            block.slots["feeder"],
            '","customers_without_power":',
            without_power,
        ],
        "",
    )
    labels = block.setting.labelled
    labelled = grid
    if labels is not None and len(labels):
        names = texts.picked(labels.event_id, np.maximum(block.label, 0))
        labelled = texts.joined([grid, ',"event_id":"', names, '"'], "")
    sort = np.where(block.label >= 0, 2, np.where(block.is_of_grid, 1, 0))
    rows = pa.array(sort * block.count + np.arange(block.count))
    return texts.joined([pa.concat_arrays([whole, grid, labelled]).take(rows), "}"], "")


def _poisson_shares(mean: Floats) -> Floats:
    """(means, `_MOST_CASUALTIES` + 1): chances of 0, 1, … of a Poisson distribution, the rest with the last."""
    shares = np.empty((len(mean), _MOST_CASUALTIES + 1))
    shares[:, 0] = [exp(-each) for each in mean.tolist()]
    for n in range(1, _MOST_CASUALTIES + 1):
        shares[:, n] = shares[:, n - 1] * mean / n
    shares[:, -1] += 1.0 - shares.sum(axis=1)
    return shares


def _loses_power() -> NDArray[np.bool_]:
    return np.array([each.loses_power for each in incident_types()])


ROWS = (RowsOfBlock(table=tables.INCIDENTS, make=incident_rows),)
