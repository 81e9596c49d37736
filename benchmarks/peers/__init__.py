"""Who is measured: one module a library, all with the same two functions.

`describe()` returns versions and settings; `build(case, n_threads)` returns a dict from
the name of a contestant to a `Contestant`, empty when the library has nothing for the
case. A module is imported in its own worker process only, never in the main one.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Contestant(NamedTuple):
    """Something to call again and again.

    `quality`, when given, says after a call what it was worth: the training accuracy
    of a fit, so that nobody is fast by not learning.
    """

    call: Callable[[], object]
    quality: Callable[[], float] | None = None


@dataclass(frozen=True)
class Peer:
    """A library to compare with: where its module is and what it can do."""

    module: str
    sections: tuple
    needs: tuple = ()
    environment: dict = field(default_factory=dict)
    pin: bool = False  # has no option for its number of threads

    @property
    def missing(self):
        """Names of packages that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


STEPS = ("inference", "training")
PEERS = {
    "sklstm": Peer(
        "peers.own", (*STEPS, "ragged", "fit", "predict", "memory"), ("sklstm",)
    ),
    "torch": Peer(
        "peers.torch_peer",
        (*STEPS, "ragged", "fit", "predict", "memory"),
        ("torch",),
    ),
    "onnxruntime": Peer(
        "peers.onnxruntime_peer", ("inference", "predict"), ("onnx", "onnxruntime")
    ),
    "keras": Peer(
        "peers.keras_peer",
        ("fit", "predict"),
        ("keras", "jax"),
        environment={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        pin=True,
    ),
    "skorch": Peer("peers.skorch_peer", ("fit", "predict"), ("torch", "skorch")),
    "numpy": Peer("peers.numpy_reference", STEPS),
}

# What `--isa avx2` sets, before anything is imported. ONNX Runtime has no such switch.
AVX2_ENVIRONMENT = {
    "sklstm": {"SKLSTM_ISA": "x86-64-v3"},
    "torch": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
