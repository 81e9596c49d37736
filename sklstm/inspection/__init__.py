"""Looking into fitted networks."""

from .gate_traces import gate_traces
from .hidden_gradients import hidden_gradient_norms

__all__ = [
    "gate_traces",
    "hidden_gradient_norms",
]
