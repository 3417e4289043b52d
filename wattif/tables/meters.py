"""The fleet as a dimension table, `_wattif/meters.parquet`: one row a meter."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wattif.model.classes import CLASSES, PROFILES
from wattif.model.fleet import Fleet, mac_text
from wattif.model.grid import METERS_PER_TRANSFORMER, city_of, place_of
from wattif.model.solar import panel_capacity_w
from wattif.model.world import World


def described(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    """A field of a table that says what it is."""
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


SCHEMA = pa.schema(
    [
        described("meter", pa.int32(), "number of the meter, from 0"),
        described("mac", pa.string(), "its MAC address, as in the readings"),
        described("city_id", pa.string(), "the city it is in"),
        described("class", pa.string(), "class of customers"),
        described("profile", pa.string(), "standard load profile or shift plan that it follows"),
        described("mean_kwh", pa.float64(), "mean energy a month without an electric car, kWh"),
        described("transformer", pa.int32(), "the transformer that feeds it"),
        described("latitude", pa.float64(), "of the transformer, degrees"),
        described("longitude", pa.float64(), "of the transformer, degrees"),
        described("solar_kw", pa.float64(), "nominal power of the panels, kW; 0 without"),
        described("electric_car", pa.bool_(), "whether an electric car is charged"),
    ]
)
_ROWS_A_GROUP = 100_000


def meters_parquet(fleet: Fleet, world: World) -> bytes:
    """The content of `_wattif/meters.parquet`; a group of rows at a time, so that a million meters stay small."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
        for first in range(0, len(fleet.macs), _ROWS_A_GROUP):
            writer.write_table(_group(fleet, world, slice(first, first + _ROWS_A_GROUP)))
    return sink.getvalue()


def _group(fleet: Fleet, world: World, part: slice) -> pa.Table:
    meters = np.arange(len(fleet.macs))[part]
    city = city_of(meters, len(world.cities))
    transformer = meters // METERS_PER_TRANSFORMER
    firsts, index = np.unique(transformer, return_index=True)
    places = np.array(
        [place_of(world.seed, int(n), world.cities[c]) for n, c in zip(firsts, city[index], strict=True)]
    )[transformer - transformer[0]]
    solar_w = [
        panel_capacity_w(world.seed, int(meter)) if has else 0.0
        for meter, has in zip(meters, fleet.solar[part], strict=True)
    ]
    columns = [
        pa.array(meters.astype(np.int32)),
        pa.array(mac_text(fleet.macs[part]).astype("U17")),
        _named([each.id for each in world.cities], city),
        _named([each.id for each in CLASSES], fleet.meter_class[part]),
        _named(PROFILES, fleet.profile[part]),
        pa.array(fleet.base_mwh[part] / 1e6),
        pa.array(transformer.astype(np.int32)),
        pa.array(places[:, 0]),
        pa.array(places[:, 1]),
        pa.array(np.array(solar_w) / 1000.0),
        pa.array(fleet.car[part]),
    ]
    return pa.table(columns, schema=SCHEMA)


def _named(names: list[str] | tuple[str, ...], numbers: NDArray[np.integer]) -> pa.Array:
    return pa.array(names).take(pa.array(numbers))
