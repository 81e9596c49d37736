"""What a network is made of, in plain values."""

from dataclasses import dataclass, fields

import numpy as np

from .cells import CELLS
from .pooling import POOLINGS

__all__ = ["NetworkConfig"]


@dataclass(frozen=True)
class NetworkConfig:
    """Structure of a network, and what is random in its training.

    Parameters
    ----------
    n_features : int
        Features of a time step.
    n_outputs : int
        Outputs of the head.
    cell : str, default="lstm"
        A key of ``CELLS``; `cell_name` makes it of the words of the estimators.
    hidden_layer_sizes : tuple of int, default=(64,)
        Units of each layer, from the input to the head.
    projection_sizes : tuple of int or None, default=None
        Size of the hidden state of each layer, where it is a projection of the units;
        LSTMs only.
    bidirectional : bool, default=False
        Whether each layer reads the sequences in both directions.
    learned_start : bool, default=False
        Whether the initial states are parameters.
    pooling : {"last", "mean", "max"} or None, default="last"
        How a sequence becomes one vector; None gives one output for every step.
    input_noise : float, default=0
        Standard deviation of the Gaussian noise added to the inputs in training.
    input_dropout, recurrent_dropout, dropout : float, default=0
        Rates of dropout: of the inputs, of the hidden states on their way into the
        next step, between layers and before the head. One mask a sequence.
    zoneout : float, default=0
        Probability with which a unit keeps its state, in training; in inference states
        are mixed as is expected.
    crf : bool, default=False
        Whether the head is a `CRFHead`; for ``pooling=None``.
    dtype : {"float32", "float64"}, default="float32"

    Raises
    ------
    ValueError
        If a name is unknown.
    """

    n_features: int
    n_outputs: int
    cell: str = "lstm"
    hidden_layer_sizes: tuple = (64,)
    projection_sizes: tuple | None = None
    bidirectional: bool = False
    learned_start: bool = False
    pooling: str | None = "last"
    input_noise: float = 0.0
    input_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    dropout: float = 0.0
    zoneout: float = 0.0
    crf: bool = False
    dtype: str = "float32"

    def __post_init__(self):
        if self.cell not in CELLS:
            raise ValueError(f"cell must be one of {tuple(CELLS)}, got {self.cell!r}")
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be one of {POOLINGS} or None, got {self.pooling!r}"
            )
        # Plain values, whatever a caller passes: the configuration is pickled.
        sizes = self.projection_sizes
        plain = {
            "cell": str(self.cell),
            "dtype": np.dtype(self.dtype).name,
            "hidden_layer_sizes": tuple(map(int, self.hidden_layer_sizes)),
            "projection_sizes": None if sizes is None else tuple(map(int, sizes)),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    @property
    def reads_codes(self):
        """Whether the first layer reads `CodedRows`."""
        return False

    @property
    def directions(self):
        """Numbers of the directions: 0 reads forward, 1 backward."""
        return (0, 1) if self.bidirectional else (0,)

    @property
    def output_sizes(self):
        """Size of each layer's hidden state, in one direction."""
        return self.projection_sizes or self.hidden_layer_sizes

    @property
    def n_units(self):
        """Hidden units of all layers and directions."""
        return sum(self.hidden_layer_sizes) * len(self.directions)

    @property
    def is_noisy(self):
        """Whether anything is random in training."""
        rates = (self.input_dropout, self.recurrent_dropout, self.dropout)
        return any((*rates, self.zoneout, self.input_noise))

    def as_dict(self):
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
