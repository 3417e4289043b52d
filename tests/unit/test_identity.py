"""The identity of a dataset: what enters its fingerprint, and what a dataset of version 0.3 gets."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import orjson
import pytest

from tests.asking import Asking, generate
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.run import reconcile
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.identity import Identity
from wattif.model.air_levels import AirLevels
from wattif.model.cities import FIGURES, MANILA, City
from wattif.model.scenario import world_of
from wattif.tables import catalog

OF_0_3 = Path(__file__).resolve().parent.parent / "golden" / "dataset_0_3.json"
NOT_OF_THE_MODEL = {"name", "population"}


def test_every_field_of_a_city_is_of_the_model_or_is_known_not_to_be() -> None:
    of_tables = {name for table in catalog.lake_tables() for name in table.city_figures}
    assert not of_tables & set(FIGURES)
    assert {field.name for field in dataclasses.fields(City)} == set(FIGURES) | of_tables | NOT_OF_THE_MODEL


def test_only_what_the_model_computes_with_changes_the_fingerprint(settings: Asking) -> None:
    spec = settings().spec
    known = Identity.of(spec, [MANILA]).fingerprint
    for other in (dataclasses.replace(MANILA, name="Another"), dataclasses.replace(MANILA, population=7)):
        assert Identity.of(spec, [other]).fingerprint == known
    assert Identity.of(spec, [dataclasses.replace(MANILA, latitude=1.0)]).fingerprint != known


def test_figures_of_extra_tables_count_only_where_they_are_asked_for(settings: Asking) -> None:
    network, air = dataclasses.replace(MANILA, zones=7), dataclasses.replace(MANILA, air=AirLevels())
    for names, equal in (("", True), ("air_quality", False)):
        spec = settings(extra_tables=names).spec
        assert Identity.of(spec, [network]).fingerprint != Identity.of(spec, [MANILA]).fingerprint
        assert (Identity.of(spec, [air]).fingerprint == Identity.of(spec, [MANILA]).fingerprint) is equal


def test_extra_tables_alone_differ_where_only_they_do(settings: Asking) -> None:
    """Their cities' figures are more, but the city is the same."""
    one, other = (settings(extra_tables=names).spec for names in ("", "air_quality"))
    own = Identity.of(one, [MANILA])
    told = own.differences(Identity.of(other, [MANILA]).to_json(), "")
    assert [each.split(" is ")[0] for each in told] == ["extra_tables"]


def test_releases_of_time_zones_and_holidays_are_of_the_identity(settings: Asking) -> None:
    spec = settings().spec
    one = Identity.of(spec, world_of(spec).cities)
    assert one.tzdata
    assert one.holidays
    for name in ("tzdata", "holidays", "version"):
        other = dataclasses.replace(one, **{name: getattr(one, name) * 2})
        assert other.fingerprint != one.fingerprint
        assert [each.split(" is ")[0] for each in one.differences(other.to_json(), "")]


def test_a_dataset_of_0_3_is_neither_continued_nor_compared(settings: Asking) -> None:
    """Its bytes are those of version 2; only `--overwrite` makes room."""
    asked = settings()
    generate(asked)
    document = asked.lake / layout.DATASET
    document.write_bytes(OF_0_3.read_bytes())
    with pytest.raises(
        LakeError, match=r"0.3 or earlier made: .* not continued.*another `lake` or `prefix`, or `overwrite`"
    ):
        generate(asked)
    with pytest.raises(LakeError, match="the version of the bytes is 2 there and 3 here"):
        reconcile(asked.spec, asked.place, Comparison(deep=True), io.StringIO())
    generate(settings(overwrite=True))
    assert orjson.loads(document.read_bytes())["tzdata"]


def test_bytes_of_another_version_are_not_compared(settings: Asking) -> None:
    asked = settings()
    generate(asked)
    (asked.lake / layout.DATASET).write_bytes(orjson.dumps({**orjson.loads(OF_0_3.read_bytes()), "version": 1}))
    with pytest.raises(LakeError, match="the version of the bytes is 1 there and 3 here"):
        reconcile(asked.spec, asked.place, Comparison(), io.StringIO())
