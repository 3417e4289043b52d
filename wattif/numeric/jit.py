"""The hot loops, compiled by numba to machine code that runs without the interpreter lock.

Every compiled function of the project is declared with `kernel`. There is no ``fastmath`` and no call into
the C library's ``exp`` or ``cos`` (see `wattif.numeric.ieee`), so that a kernel gives the same bits on every
machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeVar, cast

from numba.core import types
from numba.core.registry import CPUDispatcher

from wattif.numeric.kernel_cache import KernelCache
from wattif.numeric.linked import LinkedCompiler

__all__ = ["kernel", "on_compile"]

_Function = TypeVar("_Function", bound=Callable[..., object])
_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_listeners: list[Callable[[str], None]] = []


@contextlib.contextmanager
def on_compile(listener: Callable[[str], None]) -> Iterator[None]:
    """While it is entered, *listener* is called with the name of each kernel that is about to be compiled.

    It is called from the thread that needs the kernel first, and not for kernels that an earlier process has left.
    What it raises keeps the kernel from being compiled, and reaches whoever called it.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _tell(name: str) -> None:
    for listener in list(_listeners):
        listener(name)


class _Kernel(CPUDispatcher):
    """A function that is compiled twice at most: for callers in Python, and for other kernels.

    Only the first kind has a wrapper for Python and goes to disk. The second becomes part of the kernels that call it,
    once for each combination of types: numba by itself compiles it again for each constant that it is called with.
    The two make the first start take half the time.
    """

    def __init__(
        self,
        py_func: Any,
        locals: dict[str, Any] | None = None,  # numba's own name
        targetoptions: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(py_func, locals, targetoptions or _OPTIONS, **options)
        self._cache = KernelCache(f"{py_func.__module__}.{py_func.__qualname__}", _tell)

    @cached_property
    def _within(self) -> Any:
        """Compiles the function for other kernels; whoever finds all of them on disk needs none."""
        options = {**self.targetoptions, "no_cpython_wrapper": True}
        return CPUDispatcher(self.py_func, targetoptions=options, pipeline_class=LinkedCompiler)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What a kernel calls."""
        plain = [types.unliteral(each) for each in args]
        return self._within.get_call_template(plain, {name: types.unliteral(each) for name, each in kws.items()})

    def get_overload(self, sig: Any) -> Any:
        """The code that a kernel calls."""
        return self._within.get_overload(sig)


def kernel(function: _Function) -> _Function:
    """Compile *function* on first use, keep it on disk, and release the interpreter lock while it runs."""
    return cast(_Function, _Kernel(function))
