"""Rows of `incident_assets`: what was concerned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from wattif.incidents import texts
from wattif.incidents.block import Block, For
from wattif.incidents.columns import repeated, table_of, where
from wattif.incidents.draws import Floats, Numbers
from wattif.incidents.kinds import codes, scenes, shares
from wattif.incidents.rows import RowsOfBlock
from wattif.numeric.streams import Stream, uniforms_of
from wattif.tables import incidents as tables

_MOST_ASSETS, _SECOND = 2, 0.3  # of an incident; how often there is a second one; assumed
_CONDITIONS = ("OPERATIONAL", "DAMAGED", "OUT_OF_SERVICE", "REPLACED")
_OUT_OF_SERVICE = 0.3  # of the harmed ones that are not replaced; assumed


def asset_rows(block: Block) -> pa.Table:
    """Rows of `incident_assets`: one or two where there are any."""
    spec, known = block.setting.spec, codes("asset_types")
    assets = [each.assets if each else {} for each in scenes()]
    can = np.array([len(each) for each in assets])[block.scene]
    has = block.drawn[For.ASSETS] < spec.assets_probability
    wanted = np.where(has, 1 + (block.drawn[For.SECOND_ASSET] < _SECOND), 0)
    case, order = repeated(np.minimum(wanted, np.minimum(can, _MOST_ASSETS)))
    kind = np.array([_first([known.index(code) for code in each]) for each in assets])[block.scene[case], order]
    harm = np.array([_first(each.values()) for each in assets])[block.scene[case], order]
    random = uniforms_of(spec.seed, Stream.INCIDENT_ASSET, block.number[case] * _MOST_ASSETS + order, 2)
    state = _states(block, case, harm, np.array(list(shares("asset_types").values()))[kind], random[0])
    cause = block.slots["cause"].take(pa.array(case))
    return table_of(
        tables.ASSETS,
        {
            "incident_number": block.incident_number.take(pa.array(case)),
            "asset_identifier": _identifiers(block, case, kind, random[1]),
            "asset_type": texts.picked(known, kind),
            "status": texts.picked(_CONDITIONS, state),
            "notes": where(state > 0, cause),
        },
    )


def _first(values: Iterable[float]) -> list[float]:
    """Of the assets that there may be, filled up with 0."""
    return ([*values] + [0] * _MOST_ASSETS)[:_MOST_ASSETS]


def _states(block: Block, case: Numbers, harm: Floats, replaced: Floats, random: Floats) -> Numbers:
    """Places of the conditions: what is not harmed is operational, and what was called off harmed nothing."""
    harmed = (random < harm) & ~block.has_status("CANCELLED")[case]
    within = random / np.where(harm > 0.0, harm, 1.0)  # uniform where it is harmed
    is_over = block.has_status("RESOLVED", "CLOSED")[case]
    is_out = within < replaced + (1.0 - replaced) * _OUT_OF_SERVICE
    return np.where(~harmed, 0, np.where(is_over & (within < replaced), 3, np.where(is_out, 2, 1)))


def _identifiers(block: Block, case: Numbers, kind: Numbers, random: Floats) -> pa.Array:
    """Keys of the network's tables for transformers and feeders, else a number of the zone's own."""
    known, places = codes("asset_types"), block.setting.places
    prefixes = texts.picked([f"{each[:3]}-{block.setting.city.key}-" for each in known], kind)
    numbers = places.zone[block.place[case]] * 1000 + (random * 1000.0).astype(np.int64)
    own = texts.joined([prefixes, texts.numbered("", numbers, 7)], "")
    choices = pa.concat_arrays([own, *(block.slots[name].take(pa.array(case)) for name in ("transformer", "feeder"))])
    sort = np.where(kind == known.index("TRANSFORMER"), 1, np.where(kind == known.index("FEEDER"), 2, 0))
    return choices.take(pa.array(sort * len(case) + np.arange(len(case))))


ROWS = (RowsOfBlock(table=tables.ASSETS, make=asset_rows, option="include_assets"),)
