"""How fast is the main job? Each figure beside what it is measured against, in one run, in rounds, as medians.

    python -m scripts.bench.throughput [--folder DIR] [--rounds N] [--link MB_PER_S] [--only NAME …]

Machines are noisy: compare ratios of one run, not figures of two. Start-up and memory are whole processes:
`scripts.bench.processes`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from tests.asking import Asked, generate
from wattif.engine.content import clean_content
from wattif.engine.plan import Plan
from wattif.errors import LakeError
from wattif.model.scenario import scenario_of
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard, SealedFile, StoredObject

ROOT = Path(__file__).resolve().parent.parent.parent


def _asked(folder: Path, **changes: object) -> Asked:
    values = {
        "start": "2024-01-01",
        "end": "2024-01-02",
        "meters": 400,
        "lake": folder / "lake",
        "staging_dir": folder / "staging",
        "write_workers": 2,
    }
    return Asked(**{**values, **changes})


class Confirming(LocalStore):
    """An uploader that only confirms: files stay where they are until the staging folder removes them."""

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        return [StoredObject(file.name, file.size, file.crc32c) for file in files]


def in_rounds(rounds: int, *measured: Callable[[], float]) -> list[float]:
    """The median of each of *measured*, called in turn."""
    results: list[list[float]] = [[] for _ in measured]
    for _ in range(rounds):
        for values, call in zip(results, measured, strict=True):
            values.append(call())
    return [statistics.median(values) for values in results]


def fresh(folder: Path) -> None:
    for name in ("lake", "staging", "ready"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    os.sync()


def into_memory(folder: Path, rounds: int) -> None:
    """Model to bytes, nothing written: one thread against two."""
    asked = _asked(folder)
    plan = Plan.of(asked)
    content = clean_content(plan, scenario_of(asked))
    units = [unit for batch in plan.batches() for unit in batch.units]

    def produce(threads: int) -> float:
        def work(first: int) -> int:
            return sum(len(block) for unit in units[first::threads] for block in content.blocks(unit))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: next(content.blocks(units[0])), range(threads)))  # buffers and kernels are there
            began = time.perf_counter()
            size = sum(pool.map(work, range(threads)))
            return size / plan.row_bytes / (time.perf_counter() - began) / 1e6

    one, two = in_rounds(rounds, lambda: produce(1), lambda: produce(2))
    print(f"into memory, one thread          {one:7.1f} million readings/s   (wanted: 35)")
    print(
        f"into memory, two threads         {two:7.1f} million readings/s   {two / one:.2f} x one thread (wanted: 1.7)"
    )


def through_staging(folder: Path, rounds: int) -> None:
    """Model, files in staging, checksums, manifests; the uploader only confirms."""

    def run() -> float:
        fresh(folder)
        asked = _asked(folder, end="2024-01-10", staging_limit="900MiB")
        figures = generate(asked, Event(), Confirming(asked.lake))
        return figures.readings / figures.seconds / 1e6

    (rate,) = in_rounds(rounds, run)
    print(f"through staging, two threads     {rate:7.1f} million readings/s   (wanted: 20)")


def into_local_lake(folder: Path, rounds: int) -> None:
    """The whole main job into a folder, against writing the same ready-made bytes into the same folder."""
    asked = _asked(folder)
    plan = Plan.of(asked)
    content = clean_content(plan, scenario_of(asked))
    unit = plan.batch(plan.start, 0).units[0]
    ready = b"".join(bytes(block) for block in content.blocks(unit))
    files = plan.days * plan.files_per_day

    def write() -> float:
        fresh(folder)

        def one(number: int) -> None:
            with (folder / "ready" / str(number)).open("wb", buffering=0) as file:
                view = memoryview(ready)
                for start in range(0, len(view), 1 << 21):
                    file.write(view[start : start + (1 << 21)])

        began = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, range(files)))
        return files * len(ready) / (time.perf_counter() - began) / 1e6

    def run() -> float:
        fresh(folder)
        figures = generate(asked, Event())
        return figures.bytes / figures.seconds / 1e6

    bare, whole = in_rounds(rounds, write, run)
    fresh(folder)
    print(f"ready-made bytes into a folder   {bare:7.0f} MB/s")
    print(
        f"main job into a local lake       {whole:7.0f} MB/s                   {whole / bare:.2f} of it (wanted: 0.6)"
    )


@contextlib.contextmanager
def bucket_server(folder: Path, bytes_per_s: float = 0.0) -> Iterator[None]:
    """A local Cloud Storage server in a process of its own, behind a link of so many bytes per second."""
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "tests.fakes.gcs_server",
        "--port-file",
        str(port_file),
        "--bucket",
        "lake",
        "--discard",
    ]
    if bytes_per_s:
        command += ["--bytes-per-s", str(int(bytes_per_s))]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while not port_file.exists() or not port_file.read_text():
            threading.Event().wait(0.05)
        os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{port_file.read_text().strip()}"
        try:
            yield
        finally:
            process.terminate()


def into_bucket(folder: Path, rounds: int, link_mb_s: float) -> None:
    """Produce and upload together, against the slower of producing alone and uploading alone."""
    from wattif.uploader.gcs import GcsStore

    def produce() -> float:
        fresh(folder)
        asked = _asked(folder, end="2024-01-01", staging_limit="900MiB")
        return generate(asked, Event(), Confirming(asked.lake)).seconds

    def upload() -> float:
        """Sealed files are there already: only the upload is left."""
        fresh(folder)
        asked = _asked(folder, end="2024-01-01", staging_limit="4GiB")
        with bucket_server(folder, link_mb_s * 1e6):
            with contextlib.suppress(LakeError):
                generate(asked, Event(), Sealing(asked.lake))
            return generate(asked, Event(), GcsStore("lake", "", threads=2)).seconds

    def both() -> float:
        fresh(folder)
        asked = _asked(folder, end="2024-01-01", staging_limit="900MiB")
        with bucket_server(folder, link_mb_s * 1e6):
            return generate(asked, Event(), GcsStore("lake", "", threads=2)).seconds

    produced, uploaded, together = in_rounds(rounds, produce, upload, both)
    slower = max(produced, uploaded)
    link = f"a link of {link_mb_s:.0f} MB/s" if link_mb_s else "loopback, no limit"
    print(f"into a bucket ({link}): producing {produced:.1f} s, uploading {uploaded:.1f} s,")
    ratio = together / slower
    print(f"  both together                  {together:7.1f} s             {ratio:.2f} x the slower (wanted: 1.2)")


class Sealing(LocalStore):
    """A lake that takes nothing, so that sealed files stay in staging; waits until all of them are there."""

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        folder = files[0].path.parent
        for _ in range(600):
            if len(list(folder.glob("*.crc32c-*"))) == 20:
                break
            threading.Event().wait(0.1)
        return [LakeError("left in staging on purpose") for _ in files]


def fleet(folder: Path, rounds: int) -> None:
    """A million unique MACs."""
    from wattif.model.cities import load_cities
    from wattif.model.fleet import make_fleet

    cities = [load_cities()["manila"]]
    make_fleet(42, 1, cities)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def make() -> float:
        began = time.perf_counter()
        make_fleet(42, 1_000_000, cities)
        return time.perf_counter() - began

    (seconds,) = in_rounds(rounds, make)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"a fleet of a million meters      {seconds:7.1f} s, {grown:4.0f} MiB            (wanted: 4 s, 150 MB)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--link", type=float, default=300.0, help="MB/s of the link to the test server; 0: no limit")
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        rounds = arguments.rounds
        steps: dict[str, Callable[[], None]] = {
            "fleet": lambda: fleet(folder, rounds),
            "memory-bytes": lambda: into_memory(folder, rounds),
            "staging": lambda: through_staging(folder, rounds),
            "lake": lambda: into_local_lake(folder, rounds),
            "bucket": lambda: into_bucket(folder, min(rounds, 3), arguments.link),
        }
        for step, call in steps.items():
            if not arguments.only or step in arguments.only:
                call()


if __name__ == "__main__":
    main()
