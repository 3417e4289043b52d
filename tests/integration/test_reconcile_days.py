"""Days that are deleted, copied or linked: each is found and named."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.damaged import FILE, MANIFEST, check, quick_and_deep
from tests.reconciling import report_of


@quick_and_deep
def test_a_day_of_a_longer_dataset_can_be_looked_at_alone(sound_lake: Path, deep: bool) -> None:
    arguments = ["--lake", str(sound_lake), "--start", "2024-01-02", *(["--deep"] if deep else [])]
    report = report_of(*arguments)
    assert (report.differences, report.summary["objects"]) == ([], 4)


@quick_and_deep
def test_a_day_deleted(lake: Path, deep: bool) -> None:
    names = sorted(path.relative_to(lake).as_posix() for path in (lake / "dt=2024-01-01").iterdir())
    shutil.rmtree(lake / "dt=2024-01-01")
    report = check(lake, deep=deep)
    assert report.told("verdict", "place") == [("missing", name) for name in names]
    assert sum(each["readings"] for each in report.differences) == 2880
    assert len(report.told("mac", "hour")) == (240 if deep else 1)


@quick_and_deep
def test_a_day_deleted_with_its_manifests(lake: Path, deep: bool) -> None:
    for folder in (lake / "dt=2024-01-02", (lake / MANIFEST).parent):
        shutil.rmtree(folder)
    told = check(lake, deep=deep).told("verdict", "place")
    assert len(told) == 4 + 2
    assert {verdict for verdict, _ in told} == {"missing"}


def test_a_day_copied_over_another(lake: Path) -> None:
    shutil.copytree(lake / "dt=2024-01-01", lake / "dt=2024-01-02", dirs_exist_ok=True)
    assert check(lake).told("verdict", "column") == [("altered", "crc32c")]
    report = check(lake, deep=True)
    days = {(each["verdict"], each["hour"][:10]) for each in report.differences}
    assert days == {("missing", "2024-01-02"), ("extra", "2024-01-01")}
    assert report.summary["verdicts"]["missing"]["readings"] == report.summary["verdicts"]["extra"]["readings"] == 2880
    assert report.summary["verdicts"]["extra"]["meters"] == 10


@quick_and_deep
def test_a_day_copied_beside_the_dataset(lake: Path, deep: bool) -> None:
    shutil.copytree(lake / "dt=2024-01-01", lake / "dt=2024-01-03")
    told = check(lake, deep=deep).told("verdict", "place")
    assert told == [("extra", f"dt=2024-01-03/{path.name}") for path in sorted((lake / "dt=2024-01-01").iterdir())]


@quick_and_deep
def test_a_day_that_is_a_link_to_another(lake: Path, deep: bool) -> None:
    shutil.rmtree(lake / "dt=2024-01-02")
    (lake / "dt=2024-01-02").symlink_to("dt=2024-01-01")
    found = {(each["place"], each["verdict"]) for each in check(lake, deep=deep).differences}
    assert {("dt=2024-01-02", "extra"), (FILE, "missing")} <= found
