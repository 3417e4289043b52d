"""Which files decide what the compiled kernels are called: all that can change them, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattif.numeric.kernel_cache import kernel_sources, kernels_key

FILES = {
    "__init__.py": "",
    "errors.py": "class WattIfError(Exception): ...\n",
    "numeric/__init__.py": "",
    "numeric/jit.py": "def kernel(function):\n    return function\n",
    "model/__init__.py": "",
    "model/constants.py": "from wattif.model.deeper import B\nA = B\n",
    "model/deeper.py": "B = 1\n",
    "model/load.py": (
        "from wattif.model import (\n    constants,\n)\nfrom wattif.numeric.jit import kernel\n\n\n"
        "@kernel\ndef load():\n    return constants.A\n"
    ),
    "cli.py": "from wattif.model.load import load\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "wattif"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_sources_are_the_kernels_and_what_they_import(package: Path) -> None:
    names = [path.relative_to(package).as_posix() for path in kernel_sources(package)]
    assert names == [
        "model/__init__.py",
        "model/constants.py",
        "model/deeper.py",
        "model/load.py",
        "numeric/jit.py",
    ]


@pytest.mark.parametrize(
    "declaration", ["@kernel\ndef f(): ...\n", "@jit.kernel\ndef f(): ...\n", "def f(): ...\ng = kernel(f)\n"]
)
@pytest.mark.parametrize("place", ["verdict/new.py", "new.py", "a/b/c.py"])
def test_a_new_module_with_a_kernel_changes_the_key(package: Path, place: str, declaration: str) -> None:
    before = kernels_key(package)
    (package / place).parent.mkdir(parents=True, exist_ok=True)
    (package / place).write_text(f"from wattif.numeric.jit import kernel\n\n\n{declaration}")
    assert kernels_key(package) != before


@pytest.mark.parametrize("name", ["model/load.py", "model/constants.py", "model/deeper.py", "numeric/jit.py"])
def test_what_a_kernel_imports_changes_the_key(package: Path, name: str) -> None:
    before = kernels_key(package)
    (package / name).write_text(FILES[name].replace("1", "2") + "C = 3\n")
    assert kernels_key(package) != before


@pytest.mark.parametrize("name", ["cli.py", "errors.py", "new.py"])
def test_what_no_kernel_imports_does_not_change_the_key(package: Path, name: str) -> None:
    before = kernels_key(package)
    (package / name).write_text("D = 4  # nothing here is compiled\n")
    assert kernels_key(package) == before


def test_switches_of_numba_change_the_key(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernels_key(package)
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert kernels_key(package) != before


def test_a_moved_file_changes_the_key(package: Path) -> None:
    before = kernels_key(package)
    (package / "other").mkdir()
    (package / "other/load.py").write_text((package / "model/load.py").read_text())
    (package / "model/load.py").unlink()
    assert kernels_key(package) != before
