"""Code that is only ever part of other code: numba's compiler without its last two steps.

numba optimises each function that a kernel calls on its own and makes machine code of it, though neither is ever used:
the kernel gets the function's LLVM code, and is optimised and translated with it. Leaving that out saves a tenth of the
first start. What it relies on in numba is tested by every kernel of the project that calls another.
"""

from __future__ import annotations

from typing import Any

from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _LinkedLibrary(JITCodeLibrary):
    def _optimize_final_module(self) -> None:
        """Left to the code that it becomes part of."""

    def _finalize_final_module(self) -> None:
        """No machine code, so nothing to load either."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]  # numba's
        self._finalized = True


def _without_machine_code(library: Any, fndesc: Any, env: Any) -> Any:
    """What stands for the function in numba's tables: it cannot be called, only linked."""
    return make_function(fndesc.lookup_module(), fndesc.qualname, "", 0, env, (library,))


class LinkedCompiler(Compiler):
    """Compiles a function up to the LLVM code that other functions link."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]  # numba's
        context = self.state.targetctx.subtarget()
        context.get_executable = _without_machine_code
        self.state.targetctx = context
        self.state.library = _LinkedLibrary(context.codegen(), "linked")  # type: ignore[no-untyped-call]  # numba's
