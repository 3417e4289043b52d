"""Every command line of the README and the docs runs as it is pasted: page by page, in order, in an empty folder.

A block of ``sh`` that cannot run here says why in an HTML comment just before it: ``<!-- not run: reason -->``. A block
of ``text`` that follows a block of ``sh`` shows lines of its output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.dataplex_server import DataplexServer
from tests.fakes.gcs_server import GcsServer
from tests.forking import Forking
from tests.integration.dataplex_home import PLAIN, dataset
from tests.postgres import SERVER_IS_INSTALLED

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```sh\n(?P<commands>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?",
    re.M | re.S,
)


class _Block:
    """Commands of a page, and lines of what they print."""

    def __init__(self, page: Path, match: re.Match[str]) -> None:
        self.line = page.read_text(encoding="utf-8").count("\n", 0, match.start("commands")) + 1
        self.commands = match["commands"]
        self.reason = match["reason"]
        self.output = [line for line in (match["output"] or "").splitlines() if line != "…"]


def _blocks(page: Path) -> list[_Block]:
    return [_Block(page, match) for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


@pytest.fixture
def environment(tmp_path: Path, forking: Forking) -> Iterator[dict[str, str]]:
    """This checkout behind `python`, `generator.py`, `examples` and `scripts`; servers of our own."""
    commands, folder = tmp_path / "commands", tmp_path / "folder"
    commands.mkdir()
    (folder / "scripts").mkdir(parents=True)
    (commands / "python").symlink_to(forking.interpreter)
    for name in ("run", "postgres"):
        script = folder / "scripts" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(ROOT / "scripts" / name))} "$@"\n')
        script.chmod(0o755)
    for name in ("generator.py", "examples"):
        (folder / name).symlink_to(ROOT / name)
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "WATTIF_CACHE") if name in os.environ}
    scans = dataset(average=[(*PLAIN[0][:2], 0.5), *PLAIN[1:]])
    kept["POSTGRES_FOLDER"] = f"/tmp/wattif-docs-{os.getpid()}"  # a socket's path is short
    with GcsServer(["my-lake"]) as storage, DataplexServer(scans) as dataplex, ExitStack() as at_the_end:
        if SERVER_IS_INSTALLED:
            remove = [str(folder / "scripts" / "postgres"), "remove"]
            at_the_end.callback(subprocess.run, remove, env=os.environ | kept, check=True)
        yield kept | {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(tmp_path),
            "STORAGE_EMULATOR_HOST": storage.url,
            "DATAPLEX_EMULATOR_HOST": dataplex.address,
            "NO_GCE_CHECK": "true",
            "MPLBACKEND": "agg",
        }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run_as_pasted(page: Path, environment: dict[str, str], tmp_path: Path) -> None:
    script = ["set -e"]  # one shell for the whole page, as in a terminal: variables stay
    blocks = [block for block in _blocks(page) if not block.reason]
    if not SERVER_IS_INSTALLED and any("scripts/postgres" in block.commands for block in blocks):
        pytest.skip("no PostgreSQL server is installed")
    for number, block in enumerate(blocks):
        script += [f"echo {page.name}:{block.line} >../at", "{", block.commands, f"}} >../{number}.txt"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path / "folder",
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=580,
        check=False,
    )
    at = (tmp_path / "at").read_text().strip() if blocks else ""
    assert done.returncode == 0, f"{at} leaves with {done.returncode}: {done.stderr[-2000:]}"
    for number, block in enumerate(blocks):
        printed = (tmp_path / f"{number}.txt").read_text(encoding="utf-8").splitlines()
        for line in block.output:
            assert line in printed, f"{page.name}:{block.line} does not print: {line}"


def test_every_block_of_commands_is_found() -> None:
    for page in PAGES:
        assert page.read_text(encoding="utf-8").count("```sh\n") == len(_blocks(page)), page.name
