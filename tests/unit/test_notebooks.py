"""What all notebooks have in common: how they are kept."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert [cell.id for cell in code if "parameters" in cell.metadata.get("tags", ())] == ["parameters"]
    assert [cell.id for cell in code if set(cell.metadata) - {"tags"}] == []  # nothing of who ran it, and when


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_cells_are_short_and_hold_no_logic(path: Path) -> None:
    for cell in nbformat.read(path, 4).cells:
        assert cell.source.count("\n") < 27, cell.id
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            tree = ast.parse(re.sub(r"^( *)%.*", r"\1pass", cell.source, flags=re.MULTILINE))
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.While)
            assert not [node for node in ast.walk(tree) if isinstance(node, kinds)], cell.id
