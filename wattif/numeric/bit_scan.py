"""Where the lowest bit of a number is: one instruction of a processor, for kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

if TYPE_CHECKING:

    def lowest_bit(number: np.uint64) -> np.uint64:
        """The place of the lowest bit that is set; 64 when none is."""

else:

    @intrinsic
    def lowest_bit(typing_context: Any, number: Any) -> Any:
        """The place of the lowest bit that is set; 64 when none is."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

        return types.uint64(types.uint64), generate
