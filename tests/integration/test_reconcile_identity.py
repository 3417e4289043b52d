"""What cannot be reconciled: lakes that do not say what they are, and options that contradict each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.damaged import check
from tests.reconciling import report_of
from wattif.errors import LakeError, UsageError


def test_a_lake_without_manifests(lake: Path) -> None:
    shutil.rmtree(lake / "_wattif/manifest")
    with pytest.raises(LakeError, match=r"holds no manifest, so nothing of the dataset is committed; run wattif"):
        check(lake)


def test_a_lake_without_its_identity(lake: Path, tmp_path: Path) -> None:
    (lake / "_wattif/dataset.json").unlink()
    with pytest.raises(LakeError, match=r"lake: _wattif/dataset.json is not there; give the place of the dataset"):
        check(lake)
    with pytest.raises(LakeError, match="holds no dataset"):
        report_of("--lake", str(lake), "--start", "2024-01-01", "--end", "2024-01-02")
    with pytest.raises(LakeError, match=r"_wattif/dataset.json is not there"):
        check(tmp_path / "nothing")


def test_a_damaged_identity(lake: Path) -> None:
    (lake / "_wattif/dataset.json").write_bytes(b"{")
    with pytest.raises(LakeError, match=r"dataset\.json cannot be read"):
        check(lake)
    (lake / "_wattif/dataset.json").write_bytes(b"{}")
    with pytest.raises(LakeError, match="does not contain the options of its dataset"):
        check(lake)


def test_another_dataset_than_the_one_that_lies_there(sound_lake: Path) -> None:
    with pytest.raises(
        LakeError, match=r"holds another dataset: seed is 42 there and 43 here; meters is 10 there and 9"
    ):
        report_of("--lake", str(sound_lake), "--meters", "9", "--seed", "43")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "t", "--parquet", "*.parquet"], "--table t: --parquet also says what to compare"),
        (["--database", "d"], "--database d: needs --table"),
        (["--table", "t", "--deep"], "--deep: reads the rows of the lake"),
        (["--differences", "d.csv"], "--differences d.csv: must end in .parquet"),
        (["--differences", "/nowhere/d.parquet"], "--differences /nowhere/d.parquet: no such folder: /nowhere"),
    ],
)
def test_options_that_contradict_each_other(sound_lake: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("*", r"\*")):
        report_of("--lake", str(sound_lake), *arguments)
