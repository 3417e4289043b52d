"""Rows of `incident_assets`: what was concerned."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wattif.incidents import texts
from wattif.incidents.block import Block, For
from wattif.incidents.columns import repeated, table_of, where
from wattif.incidents.draws import Floats, Numbers, chosen
from wattif.incidents.kinds import codes, incident_types
from wattif.incidents.rows import RowsOfBlock
from wattif.numeric.streams import Stream, uniforms_of
from wattif.tables import incidents as tables

_MOST_ASSETS, _SECOND = 2, 0.3  # of an incident; how often there is a second one; assumed
_CONDITIONS, _CONDITION_SHARES = (
    ("OPERATIONAL", "DAMAGED", "OUT_OF_SERVICE", "REPLACED"),
    (0.35, 0.4, 0.15, 0.1),
)  # assumed


def asset_rows(block: Block) -> pa.Table:
    """Rows of `incident_assets`: one or two where there are any."""
    spec, known = block.setting.spec, codes("asset_types")
    kinds = [tuple(known.index(each) for each in kind.asset_types) for kind in incident_types()]
    can = np.array([len(each) for each in kinds])[block.kind]
    has = block.drawn[For.ASSETS] < spec.assets_probability
    wanted = np.where(has, 1 + (block.drawn[For.SECOND_ASSET] < _SECOND), 0)
    case, order = repeated(np.minimum(wanted, np.minimum(can, _MOST_ASSETS)))
    wide = np.array([(*each, *(-1,) * (_MOST_ASSETS - len(each)))[:_MOST_ASSETS] for each in kinds])
    kind = wide[block.kind[case], order]
    random = uniforms_of(spec.seed, Stream.INCIDENT_ASSET, block.number[case] * _MOST_ASSETS + order, 2)
    damaged = block.is_of_grid[case] & (order == 0)
    state = np.where(damaged, np.maximum(chosen(_CONDITION_SHARES, random[0]), 1), chosen(_CONDITION_SHARES, random[0]))
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
