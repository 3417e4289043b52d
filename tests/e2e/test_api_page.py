"""The examples of docs/api.md run as they stand, from the top to the bottom, and print what the page says."""

from __future__ import annotations

import doctest
import inspect
import re
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

import wattif
from scripts.api_page import MODULES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```pycon\n(?P<examples>.*?)^```\n", re.M | re.S)


def test_the_examples_run_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where staging is: another run may use the usual one
    runner = doctest.DocTestRunner()
    names = {"wattif": wattif}
    for block in BLOCK.finditer(PAGE):
        line = PAGE.count("\n", 0, block.start("examples"))
        test = doctest.DocTestParser().get_doctest(block["examples"], names, f"api.md:{line}", "docs/api.md", line)
        runner.run(test, clear_globs=False)
        names = test.globs
    assert runner.summarize().failed == 0
    assert runner.tries == PAGE.count("\n>>> ")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_all_that_is_exported_stands_on_the_page_with_an_example(module: ModuleType) -> None:
    for name in module.__all__:
        exported = getattr(module, name)
        if inspect.isroutine(exported):
            section = PAGE.partition(f"\n## {module.__name__}.{name}\n")[2].partition("\n## ")[0]
            assert "```pycon" in section, name
            for parameter in inspect.signature(exported).parameters:
                assert re.search(rf"^\| `\**{parameter}` \|.*\w", section, re.M), f"{name}: {parameter}"
        elif inspect.isclass(exported):
            assert f"\n## {module.__name__}.{name}\n" in PAGE
