"""Notebooks, executed headless from top to bottom as a user's kernel does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbclient import NotebookClient

from tests import processes

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run_notebook(notebook: Any, folder: Path, **environment: str) -> dict[str, Any]:
    """Execute all cells in *folder*; the outputs by the cell's id. The kernel has ended when this returns."""
    home = folder.parent / "home"
    kernel = {
        **processes.environment(home),
        "IPYTHONDIR": str(home),
        "MPLCONFIGDIR": str(home),
        "JUPYTER_DATA_DIR": str(home),
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{home}",  # as if it was installed
        **environment,
    }
    client = NotebookClient(notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    manager = client.create_kernel_manager()
    try:
        client.execute(env=kernel)
    finally:
        assert not manager.has_kernel
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def text(outputs: Any) -> str:
    """What a cell printed."""
    return "".join(output.text for output in outputs if output.output_type == "stream")


def pictures(outputs: dict[str, Any]) -> list[str]:
    """The cells that show a picture."""
    return [name for name, shown in outputs.items() if any("image/png" in output.get("data", {}) for output in shown)]
