"""Bounded: producers wait for staging space, and give up only when nothing will free any."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from wattif.engine.budget import Budget
from wattif.errors import Interrupted


def _waits(future: Future[object]) -> bool:
    return not future.done() and not threading.Event().wait(0.1) and not future.done()


def test_bytes_and_files_are_waited_for() -> None:
    budget = Budget(100, 2, Event(), lambda: False)
    with ThreadPoolExecutor(1) as pool:
        budget.acquire(60)
        more: Future[object] = pool.submit(budget.acquire, 50)
        assert _waits(more)
        budget.release(60)
        more.result(5)
        budget.acquire(10)
        third_file: Future[object] = pool.submit(budget.acquire, 1)
        assert _waits(third_file)
        budget.release(10)
        third_file.result(5)


def test_what_was_not_needed_is_given_back() -> None:
    budget = Budget(100, 4, Event(), lambda: False)
    with ThreadPoolExecutor(1) as pool:
        budget.acquire(80, 4)
        more: Future[object] = pool.submit(budget.acquire, 40, 2)
        assert _waits(more)
        budget.give_back(10, 3)  # one file left, but 70 bytes
        assert _waits(more)
        budget.give_back(10, 0)
        more.result(5)
        one_more: Future[object] = pool.submit(budget.acquire, 1, 2)
        assert _waits(one_more)
        budget.release(60)
        one_more.result(5)


def test_room_given_back_is_no_room_on_the_disk() -> None:
    budget = Budget(100, 4, Event(), lambda: True)
    budget.acquire(80, 2)
    budget.writer_begins()
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[object] = pool.submit(budget.wait_for_space)
        budget.give_back(10, 1)
        assert _waits(waiting)
        budget.release(70)
        assert waiting.result(5) is False


def test_a_stopped_run_does_not_wait() -> None:
    stop = Event()
    budget = Budget(10, 5, stop, lambda: False)
    budget.acquire(10)
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[object] = pool.submit(budget.acquire, 1)
        assert _waits(waiting)
        stop.set()
        with pytest.raises(Interrupted):
            waiting.result(5)


def test_on_a_full_disk_a_writer_waits_while_a_batch_is_on_its_way() -> None:
    on_its_way = True
    budget = Budget(100, 5, Event(), lambda: on_its_way)
    budget.acquire(50)
    budget.writer_begins()
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[object] = pool.submit(budget.wait_for_space)
        assert _waits(waiting)
        budget.release(50)
        assert waiting.result(5) is False
        last_try: Future[object] = pool.submit(budget.wait_for_space)
        assert _waits(last_try)
        on_its_way = False
        assert last_try.result(5) is True


def test_on_a_full_disk_a_writer_waits_while_others_write() -> None:
    budget = Budget(100, 5, Event(), lambda: False)
    budget.writer_begins()
    budget.writer_begins()
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[object] = pool.submit(budget.wait_for_space)
        assert _waits(waiting)
        budget.writer_ends()
        assert waiting.result(5) is True
