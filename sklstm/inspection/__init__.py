"""Looking into fitted networks, and explaining what they say."""

from .gate_traces import gate_traces
from .gradients import input_gradients
from .hidden_gradients import hidden_gradient_norms
from .integrated_gradients import integrated_gradients
from .occlusion import occlusion
from .permutation import permutation_importance

__all__ = [
    "gate_traces",
    "hidden_gradient_norms",
    "input_gradients",
    "integrated_gradients",
    "occlusion",
    "permutation_importance",
]
