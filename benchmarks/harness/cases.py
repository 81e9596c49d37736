"""What is measured: the published shapes and the data they run on."""

from dataclasses import asdict, dataclass

import numpy as np

N_GATES = {"lstm": 4, "gru": 3}

# (n_samples, n_timesteps, n_features, hidden_size, n_layers)
SHAPES = [
    (1, 100, 8, 32, 1),
    (32, 100, 8, 32, 1),
    (32, 100, 8, 64, 1),
    (32, 100, 16, 128, 1),
    (64, 50, 64, 256, 1),
    (64, 50, 128, 512, 1),
    (256, 100, 8, 64, 1),
    (1, 100, 16, 128, 1),
    (32, 100, 16, 128, 2),
]
RAGGED_SHAPES = [(32, 100, 8, 64, 1)]

# Whole fits: (n_samples, n_timesteps, n_features, hidden_size, batch_size)
FIT_SHAPES = [(2048, 100, 8, 32, 32), (2048, 100, 8, 64, 32), (2048, 50, 16, 128, 64)]
N_EPOCHS = 2
N_CLASSES = 4

SECTIONS = ["inference", "training", "ragged", "fit", "predict", "memory"]


@dataclass(frozen=True)
class Case:
    """One thing to measure: what is done, with which cell, at which shape.

    `cell` "gru" is the form with `reset_after`, the only one that the peers have.
    """

    section: str
    cell: str
    n_samples: int
    n_timesteps: int
    n_features: int
    hidden_size: int
    n_layers: int = 1
    batch_size: int = 32

    @property
    def label(self):
        """The shape as the tables print it."""
        shape = (self.n_samples, self.n_timesteps, self.n_features, self.hidden_size)
        text = ", ".join(map(str, shape))
        if self.n_layers > 1:
            text += f" x {self.n_layers} layers"
        if self.section == "fit":
            text += f", batch {self.batch_size}"
        return text

    @property
    def lengths(self):
        """Steps of each sequence: all equal, or uniform from 10 to 100 when ragged."""
        if self.section != "ragged":
            return np.full(self.n_samples, self.n_timesteps, dtype=np.intp)
        rng = np.random.default_rng(7)
        return rng.integers(10, self.n_timesteps + 1, self.n_samples).astype(np.intp)

    @property
    def floating_point_operations(self):
        """Operations of the matrix products of one call, those of the gates left out.

        A training step computes the gates, the gradient that flows back (not into
        the inputs of the first layer, which nobody asks for) and the weights'
        gradient.
        """
        total = 0
        for layer in range(self.n_layers):
            n_in = self.n_features if layer == 0 else self.hidden_size
            n_columns = n_in + self.hidden_size
            if self.section in ("training", "ragged", "memory"):
                n_columns = 3 * n_columns - (n_in if layer == 0 else 0)
            total += N_GATES[self.cell] * self.hidden_size * n_columns
        return 2 * int(self.lengths.sum()) * total

    def inputs(self):
        """Random inputs, shape (n_samples, n_timesteps, n_features), float32."""
        rng = np.random.default_rng(0)
        shape = (self.n_samples, self.n_timesteps, self.n_features)
        return rng.standard_normal(shape, dtype=np.float32)

    def labelled_inputs(self):
        """Noisy waves whose frequency tells the class: inputs and integer labels."""
        rng = np.random.default_rng(0)
        labels = rng.integers(0, N_CLASSES, self.n_samples)
        steps = np.arange(self.n_timesteps)[None, :, None]
        waves = np.sin(steps * (0.1 + 0.05 * labels[:, None, None]))
        return (self.inputs() + waves).astype(np.float32), labels

    def as_message(self):
        """The case as plain values, for the way to a worker."""
        return asdict(self)


def cases_of(section, cell, *, quick=False):
    """The cases of one section; with `quick`, a few small ones."""
    if section in ("fit", "predict"):
        shapes = FIT_SHAPES[:1] if quick or section == "predict" else FIT_SHAPES
        n_samples = 256 if quick or section == "predict" else 2048
        return [
            Case(section, cell, n_samples, *shape[1:4], batch_size=shape[4])
            for shape in shapes
        ]
    if section == "ragged":
        shapes = RAGGED_SHAPES
    elif section == "memory":
        shapes = [SHAPES[2]] if quick else [SHAPES[i] for i in (2, 3, 4, 5, 8)]
    else:
        shapes = [SHAPES[i] for i in (0, 2, 3)] if quick else SHAPES
    return [Case(section, cell, *shape) for shape in shapes]
