"""WattIf's verbs as a person types them, in this process: a new interpreter takes seconds to import and load kernels.

`e2e/test_docs_commands.py` and `e2e/test_command_line.py` run the verbs as processes of their own.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from tests import processes
from wattif.cli.main import exit_code


def run_wattif(folder: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    """`wattif` with *arguments* in *folder*, which is the home, too: its exit code and what it printed.

    *environment*: more variables.
    """
    out, error = io.StringIO(), io.StringIO()
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hook = threading.excepthook
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, processes.environment(folder, **environment), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        try:
            code = exit_code(arguments)
        finally:
            threading.excepthook = hook
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return CompletedProcess(arguments, code, out.getvalue(), error.getvalue())
