"""Where compiled kernels are kept: whoever runs it, wherever it can write, no cache makes it fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.forking import Forking
from wattif.numeric.kernel_cache import kernels_key

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = str(Path(sys.prefix).resolve() / "bin" / "python")
IMPORTED = ("numba", "numpy")  # before the programs start: this takes longer than what they do
STRANGER = 54_321  # a user id without an entry in the password file
FIRST_OUTPUT = 0xE220A8397B1DCDAF  # of SplitMix64 started at 0, as published
NAME = f"kernels-{kernels_key(ROOT / 'wattif')}"
KERNEL = "wattif.numeric.streams.draw"
CODE = """
import json, logging, sys
logging.basicConfig(format="%(message)s")
import numpy as np
from wattif.numeric import jit
from wattif.numeric.kernel_cache import kernel_folder
from wattif.numeric.streams import draw
compiled = []
with jit.on_compile(compiled.append):
    value = int(draw(np.uint64(0), 0))
print(json.dumps({"value": value, "compiled": compiled, "folder": kernel_folder() and str(kernel_folder())}))
"""
Compute = Callable[..., tuple[dict[str, Any], str]]
MEMORY_ONLY = "compiled kernels are kept in memory only, so each start compiles again; set WATTIF_CACHE to a folder\n"


def _as_stranger(command: list[str]) -> list[str]:
    return ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups", *command]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    """Starts programs that have imported nothing of WattIf yet."""
    server = Forking(tmp_path_factory.mktemp("programs"), only=IMPORTED)
    yield server
    server.close()


@pytest.fixture(scope="module")
def compute(programs: Forking) -> Compute:
    """What `CODE` prints in *folder*, and its errors; *before* is done by the shell in a mount space of its own."""

    def compute(
        environment: Mapping[str, str | Path], *, folder: Path = ROOT, stranger: bool = False, before: str = ""
    ) -> tuple[dict[str, Any], str]:
        command = [str(programs.interpreter), "-c", CODE]
        command = _as_stranger([PYTHON, "-B", "-c", CODE]) if stranger else command
        if before:
            command = ["unshare", "--mount", "sh", "-ec", f'{before}\nexec "$@"', "sh", *command]
        clean = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ".",
            **{name: str(each) for name, each in environment.items()},
        }
        done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        result: dict[str, Any] = json.loads(done.stdout)
        assert result["value"] == FIRST_OUTPUT
        return result, done.stderr

    return compute


def test_each_place_in_its_order(tmp_path: Path, compute: Compute) -> None:
    named, xdg, home = tmp_path / "named", tmp_path / "xdg", tmp_path / "home"
    home.mkdir()
    everything: dict[str, str | Path] = {"WATTIF_CACHE": named, "XDG_CACHE_HOME": xdg, "HOME": home}
    cases: tuple[tuple[Mapping[str, str | Path], Path], ...] = (
        (everything, named / NAME),
        ({"XDG_CACHE_HOME": xdg, "HOME": home}, xdg / "wattif" / NAME),
        ({"HOME": home}, home / ".cache" / "wattif" / NAME),
        ({"HOME": home, "XDG_CACHE_HOME": "not/absolute"}, home / ".cache" / "wattif" / NAME),
    )
    for environment, place in cases:
        shutil.rmtree(place, ignore_errors=True)
        result, errors = compute(environment)
        assert (result["folder"], result["compiled"], errors) == (str(place), [KERNEL], "")
    again, _ = compute(everything)
    assert again["compiled"] == []
    assert not list(ROOT.glob("wattif/**/*.nbi"))  # nothing is written into the package


def test_a_place_that_cannot_be_used_is_passed_over(tmp_path: Path, compute: Compute) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "at all")
    others = tmp_path / "others" / NAME
    others.mkdir(parents=True)
    others.chmod(0o777)  # anybody may put machine code here
    linked = tmp_path / "linked"
    linked.mkdir()
    (tmp_path / "target").mkdir()
    (linked / NAME).symlink_to(tmp_path / "target")
    (tmp_path / "home").mkdir()
    for bad in ("file", "dangling", "others", "linked"):
        result, _ = compute({"WATTIF_CACHE": tmp_path / bad, "HOME": tmp_path / "home"})
        assert result["folder"] == str(tmp_path / "home" / ".cache" / "wattif" / NAME), bad
    assert not list(others.iterdir())
    assert not list((tmp_path / "target").iterdir())


def test_a_damaged_kernel_is_compiled_anew(tmp_path: Path, compute: Compute) -> None:
    environment: dict[str, str | Path] = {"WATTIF_CACHE": tmp_path}
    compute(environment)
    (file,) = (tmp_path / NAME).iterdir()
    content = file.read_bytes()
    for damaged in (b"", content[:5000], b"\x80" * 9999, content[:-1] + bytes([content[-1] ^ 1])):
        file.write_bytes(damaged)
        result, errors = compute(environment)
        assert (result["compiled"], errors) == ([KERNEL], "")
        assert [each.name for each in (tmp_path / NAME).iterdir()] == [file.name]  # no part of a file is left
    assert compute(environment)[0]["compiled"] == []
    file.unlink()
    file.mkdir()
    result, errors = compute(environment)
    assert (result["compiled"], errors) == ([KERNEL], "")
    assert [each.name for each in (tmp_path / NAME).iterdir()] == [file.name]


def test_a_disk_that_takes_nothing_costs_only_time(tmp_path: Path) -> None:
    limited = f'ulimit -f 0; exec "{PYTHON}" -B -c "$1"'
    environment = {"PATH": os.environ["PATH"], "WATTIF_CACHE": str(tmp_path), "PYTHONPATH": "."}
    done = subprocess.run(
        ["sh", "-c", limited, "sh", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / NAME).iterdir())


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can read; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="wattif-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def installed(place: Path) -> Path:
    """A copy of the package that a stranger can read and not write."""
    folder = place / "installed"
    shutil.copytree(ROOT / "wattif", folder / "wattif", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


# Read-only rather than hidden: the checkout and its interpreter may lie in the temporary folder themselves.
NO_TEMPORARY = """
for place in /tmp /var/tmp; do
  mount --bind $place $place
  mount -o remount,bind,ro $place
done
cd {folder}
"""


@pytest.fixture(scope="module")
def _stranger() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user")
    probe = _as_stranger([PYTHON, "-c", "import numba"])
    if subprocess.run(probe, capture_output=True, check=False, cwd="/").returncode != 0:
        pytest.skip("another user cannot run this interpreter")


@pytest.mark.usefixtures("_stranger")
class TestStranger:
    """A user id without a password entry and a package that it cannot write to: what a container gives."""

    @pytest.mark.parametrize("environment", [{}, {"HOME": "/nonexistent"}, {"HOME": "/root"}])
    def test_without_a_home_the_temporary_folder_serves(
        self, installed: Path, place: Path, environment: dict[str, str], compute: Compute
    ) -> None:
        temporary = place / "temporary"
        temporary.mkdir()
        temporary.chmod(0o1777)
        result, errors = compute({**environment, "TMPDIR": str(temporary)}, folder=installed, stranger=True)
        folder = temporary / f"wattif-{STRANGER}-{NAME}"
        assert (result["folder"], errors) == (str(folder), "")
        assert folder.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("trap", ["a link", "of another user", "open to all"])
    def test_a_trap_in_the_temporary_folder_is_not_stepped_into(
        self, installed: Path, place: Path, trap: str, compute: Compute
    ) -> None:
        temporary, target = place / "temporary", place / "target"
        temporary.mkdir()
        temporary.chmod(0o1777)
        target.mkdir()
        folder = temporary / f"wattif-{STRANGER}-{NAME}"
        if trap == "a link":
            os.chown(target, STRANGER, STRANGER)
            folder.symlink_to(target)
        else:
            folder.mkdir()
            folder.chmod(0o777)
            os.chown(folder, *((STRANGER, STRANGER) if trap == "open to all" else (STRANGER + 1, STRANGER + 1)))
        result, errors = compute({"TMPDIR": temporary}, folder=installed, stranger=True)
        assert result["folder"] is None
        assert errors == MEMORY_ONLY
        assert not list(target.iterdir())

    def test_kernels_of_root_are_used_and_not_missed(self, installed: Path, place: Path, compute: Compute) -> None:
        """An image may bring its kernels along."""
        compute({"WATTIF_CACHE": place / "image"}, folder=installed)
        result, errors = compute({"WATTIF_CACHE": place / "image"}, folder=installed, stranger=True)
        assert (result["compiled"], errors) == ([], "")

    def test_with_no_place_at_all_it_computes_in_memory_and_says_so_once(
        self, installed: Path, compute: Compute
    ) -> None:
        before = NO_TEMPORARY.format(folder=installed)
        result, errors = compute({"WATTIF_CACHE": "/proc/none"}, folder=installed, stranger=True, before=before)
        assert (result["folder"], result["compiled"]) == (None, [KERNEL])
        assert errors == MEMORY_ONLY
