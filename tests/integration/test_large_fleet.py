"""The tables of a large fleet: made beside its files, through staging, by whichever shard comes first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.asking import Asking, generate
from wattif.errors import LakeError
from wattif.model.scenario import scenario_of
from wattif.tables import arrow, catalog
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard, SealedFile, StoredObject


@pytest.fixture(autouse=True)
def few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "ROWS_PER_GROUP", 7)


@pytest.mark.parametrize("shard", [None, "1/2", "2/2"])
def test_tables_of_a_large_fleet_are_those_that_are_made_at_once(settings: Asking, shard: str | None) -> None:
    asked = settings(meters=200, meters_per_file=100, batch_files=1, interval=3600, shard=shard)
    generate(asked)
    scenario = scenario_of(asked.spec)
    large = [table for table in catalog.lake_tables_of(asked.spec, "whole") if table.name in ("meters", "transformers")]
    assert len(large) == 2
    for table in large:
        entities = table.entities(asked.spec, "all")
        assert entities > 7
        (name,) = table.object_names()
        assert (asked.lake / name).read_bytes() == arrow.partition_parquet(table, scenario, entities)
    assert asked.staging_dir is not None
    assert not [path for path in asked.staging_dir.rglob("*") if path.is_file() and path.name != "wattif.lock"]


def test_a_table_that_cannot_be_stored_ends_the_run(settings: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    put_files = LocalStore.put_files

    def refuse(
        store: LocalStore, files: Sequence[SealedFile], guard: Guard | None = None
    ) -> list[StoredObject | LakeError]:
        if files[0].name == "_wattif/meters.parquet":
            return [LakeError("no room for the fleet")]
        return put_files(store, files, guard)

    monkeypatch.setattr(LocalStore, "put_files", refuse)
    with pytest.raises(LakeError, match="no room for the fleet"):
        generate(settings(meters=200, meters_per_file=10, interval=3600))
