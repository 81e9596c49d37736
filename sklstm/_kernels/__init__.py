"""The kernels: the only code that loops over time.

    float32_v4, float64_v4, ...   kernels.pyx, for an instruction set and a dtype
    runtime                       what the processor and the build offer

An instruction set is chosen once, at import, before any of its modules is loaded:
module initialisation may already use its instructions. ``SKLSTM_ISA`` asks for a lower
one.
"""

import os
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from .runtime import built_with_openmp, cpu_isas, openmp_max_threads

__all__ = [
    "ISA",
    "built_with_openmp",
    "kernels_for",
    "load_variant",
    "openmp_max_threads",
    "supported_isas",
]


def supported_isas():
    """Instruction sets that were built and that this processor has, best first.

    Returns
    -------
    isas : tuple of str
        Out of "v4" (AVX-512), "v3" (AVX2 and FMA), "v2" (SSE4.2) and "generic".
    """
    return tuple(isa for isa in cpu_isas() if find_spec(f"{__name__}.float32_{isa}"))


def _choose_isa():
    supported = supported_isas()
    requested = os.environ.get("SKLSTM_ISA", "").strip().lower().removeprefix("x86-64-")
    if not requested:
        return supported[0]
    if requested not in supported:
        raise ImportError(
            f"SKLSTM_ISA={requested!r} is not available: this processor and this build "
            f"support {', '.join(supported)}. Unset SKLSTM_ISA to use {supported[0]!r}."
        )
    return requested


def load_variant(dtype, isa):
    """The kernel module of one dtype and instruction set, which must be supported."""
    return import_module(f"{__name__}.{np.dtype(dtype).name}_{isa}")


ISA = _choose_isa()
_loaded = {
    np.dtype(dtype): load_variant(dtype, ISA) for dtype in ("float32", "float64")
}


def kernels_for(dtype):
    """The kernel module of a dtype for the instruction set in use."""
    return _loaded[np.dtype(dtype)]
