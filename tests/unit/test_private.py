"""Staging is ours alone: what somebody else prepared is refused by name, and no link is followed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wattif.engine.private import prepare_folder
from wattif.engine.staging import Staging
from wattif.errors import StagingError

FINGERPRINT = "0123456789abcdef" * 4
NAME = "dt=2024-01-01/readings-00000000-00000019.json"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")


def test_the_default_folder_is_made_for_us_alone(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "staging", create=True)
    assert (tmp_path / "staging").stat().st_mode & 0o777 == 0o700
    with Staging(tmp_path / "staging", FINGERPRINT) as staging:
        staging.create(NAME).abandon()
        assert (tmp_path / "staging" / FINGERPRINT[:16]).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging").chmod(mode)
    with pytest.raises(StagingError, match="staging: "):
        prepare_folder(tmp_path / "staging", create=True)
    with pytest.raises(StagingError, match="staging: others could replace its files; run 'chmod go-w'"):
        prepare_folder(tmp_path / "staging", create=False)


def test_a_folder_like_the_temporary_one_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging").chmod(0o1777)
    prepare_folder(tmp_path / "staging", create=False)


def test_a_default_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "staging").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StagingError, match="staging: is not a folder"):
        prepare_folder(tmp_path / "staging", create=True)


@as_root
@pytest.mark.parametrize("create", [True, False])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, create: bool) -> None:
    (tmp_path / "staging").mkdir(mode=0o700)
    os.chown(tmp_path / "staging", 12345, 12345)
    with pytest.raises(StagingError, match=r"staging: (belongs to user 12345|someone else created it)"):
        prepare_folder(tmp_path / "staging", create=create)


@as_root
def test_the_folder_of_a_dataset_that_somebody_else_made_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FINGERPRINT[:16]
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(StagingError, match=f"{FINGERPRINT[:16]}: someone else created it"):
        Staging(tmp_path, FINGERPRINT).__enter__()


def _link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def _hard_link(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def _folder(path: Path, victim: Path) -> None:
    path.mkdir()


def _pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("prepare", [_link, _hard_link, _folder, _pipe])
def test_a_lock_that_is_no_plain_file_of_ours_is_refused(tmp_path: Path, prepare: Callable[[Path, Path], None]) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "staging").mkdir()
    prepare(tmp_path / "staging" / "wattif.lock", victim)
    with pytest.raises(StagingError, match=r"wattif\.lock: is not a regular file"):
        Staging(tmp_path / "staging", FINGERPRINT).__enter__()
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("prepare", [_link, _hard_link])
def test_a_part_that_is_a_link_is_refused(tmp_path: Path, prepare: Callable[[Path, Path], None]) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with Staging(tmp_path, FINGERPRINT) as staging:
        part = tmp_path / FINGERPRINT[:16] / f"{NAME}.part"
        part.parent.mkdir()
        prepare(part, victim)
        with pytest.raises(StagingError, match=r"\.json\.part: is not a regular file"):
            staging.create(NAME)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", [f"{NAME}.part", f"{NAME}.crc32c-0a1b2c3d"])
def test_links_among_the_leftovers_are_removed_and_not_followed(tmp_path: Path, name: str) -> None:
    victim, link = tmp_path / "victim", tmp_path / FINGERPRINT[:16] / name
    victim.write_text("precious")
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)
    with Staging(tmp_path, FINGERPRINT) as staging:
        assert not staging.leftovers
        assert not link.is_symlink()
    assert victim.read_text() == "precious"


@as_root
def test_another_user_is_told_that_the_folder_cannot_be_written_to(tmp_path: Path) -> None:
    """In a process of that user: root may write anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        code = (
            "import os\nfrom pathlib import Path\nfrom wattif.engine.private import prepare_folder\n"
            f"os.setgid(12345); os.setuid(12345)\nprepare_folder(Path({folder!r}), create=False)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"StagingError: `staging_dir` {folder}: is not writable; change its permissions" in done.stderr
