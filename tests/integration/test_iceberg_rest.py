"""A table in an Iceberg REST catalog: over HTTP, with answers that get lost, conflicts, refusals, and silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asking import Asked, Asking, generate
from tests.fakes.iceberg_catalog import IcebergCatalog
from wattif.errors import LakeError, TransferError
from wattif.uploader.retrying import RetryPolicy

QUICK = RetryPolicy(retry_for_s=60.0, first_wait_s=0.01, longest_wait_s=0.05)
BRIEF = RetryPolicy(retry_for_s=0.3, first_wait_s=0.01, longest_wait_s=0.05)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[IcebergCatalog]:
    with IcebergCatalog(tmp_path) as server:
        yield server


@pytest.fixture
def asked(settings: Asking, catalog: IcebergCatalog) -> Asked:
    """Four batches."""
    return settings(format="parquet", table_format="iceberg", catalog=catalog.url)


def _is_whole(catalog: IcebergCatalog, lake: Path, snapshots: int = 4) -> bool:
    """Whether the table names each file once, after so many commits; a batch is one."""
    table = catalog.catalog.load_table("wattif.readings")
    named = sorted(task.file.file_path for task in table.scan().plan_files())
    return (
        named == sorted(f"file://{path}" for path in lake.glob("dt=*/*.parquet"))
        and len(table.snapshots()) == snapshots
    )


def test_a_run_fills_a_table_over_http(asked: Asked, catalog: IcebergCatalog) -> None:
    generate(asked, policy=QUICK)
    assert _is_whole(catalog, asked.lake)
    generate(asked, policy=QUICK)
    assert catalog.commits == 4


def test_a_commit_without_an_answer_is_found_again(asked: Asked, catalog: IcebergCatalog) -> None:
    catalog.lose = 2
    generate(asked, policy=QUICK)
    assert catalog.lose == 0
    assert _is_whole(catalog, asked.lake)


def test_a_commit_that_comes_second_is_tried_again(asked: Asked, catalog: IcebergCatalog) -> None:
    """Between each look and the first two commits, somebody else makes a snapshot."""
    left = [1, 2]

    def interfere() -> None:
        if left:
            left.pop()
            table = catalog.catalog.load_table("wattif.readings")
            table.append(table.schema().as_arrow().empty_table())

    catalog.before_commit = interfere
    generate(asked, policy=QUICK)
    assert not left
    assert catalog.commits == 4
    assert _is_whole(catalog, asked.lake, snapshots=6)


@pytest.mark.parametrize("status", [500, 503])
def test_a_catalog_that_stops_answering_ends_the_run_and_the_same_command_goes_on(
    asked: Asked, catalog: IcebergCatalog, status: int
) -> None:
    catalog.refuse = {"commit": status}
    with pytest.raises(LakeError, match=r"committed batches that the table lacks: [1-4]; the same command adds them"):
        generate(asked, policy=BRIEF)
    assert list(asked.lake.glob("_wattif/manifest/dt=*/*"))
    catalog.refuse = {}
    generate(asked, policy=BRIEF)
    assert _is_whole(catalog, asked.lake)


@pytest.mark.parametrize("request_kind", ["commit", "create", "load"])
def test_no_permission_is_no_reason_to_try_again(asked: Asked, catalog: IcebergCatalog, request_kind: str) -> None:
    catalog.refuse = {request_kind: 403}
    with pytest.raises(LakeError, match=r"Iceberg table wattif\.readings .* is refused: .*Disturbed") as refused:
        generate(asked, policy=RetryPolicy(retry_for_s=600.0))
    assert "\n" not in str(refused.value)
    assert asked.lake.exists() == (request_kind != "load")


def test_a_catalog_that_is_not_there_is_told_before_anything_is_made(asked: Asked) -> None:
    with pytest.raises(TransferError, match=r"the catalog http://127\.0\.0\.1:9 does not answer"):
        generate(asked.model_copy(update={"catalog": "http://127.0.0.1:9"}), policy=BRIEF)
    assert not asked.lake.exists()
