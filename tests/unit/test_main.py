"""The way from words to an exit code, where no verb has been reached yet."""

from __future__ import annotations

import sys
import threading

import pytest

from wattif.cli.main import exit_code


def test_a_signal_while_modules_are_imported_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # which a verb replaces
    monkeypatch.setattr(sys.modules[exit_code.__module__], "import_module", interrupted)
    assert exit_code(["show"]) == 130
    assert capsys.readouterr().err == "wattif show: interrupted: nothing was begun\n"
