"""Networks that read symbols: a table of rows below the layers.

Most symbols of a batch occur many times. Unless dropout makes their rows differ, the
product of the first layer's weights with a symbol's row is computed once a batch, and
so are its gradients: of small alphabets this saves half of the work of a layer.
"""

from dataclasses import dataclass

import numpy as np

from .coded_rows import CodedRows, distinct_codes
from .config import NetworkConfig
from .embedding import Embedding, sum_rows
from .memory import Workspace
from .network import RecurrentNetwork
from .parameters import ParameterLayout
from .sampled_head import SampledHead

__all__ = ["SymbolNetwork", "SymbolNetworkConfig"]

# Standard deviation of a symbol's numbers at the start. Of tied tables, which are the
# weights of the output too, it is that of `initialize_output`'s values.
TABLE_SCALE = 0.5
TIED_TABLE_SCALE = 0.1

_TABLE = ("symbols", "table")
_HEAD = ("head", "weight"), ("head", "bias")
UNKNOWN = 0


@dataclass(frozen=True)
class SymbolNetworkConfig(NetworkConfig):
    """Structure of a network that reads symbols.

    Parameters
    ----------
    n_features : int
        Numbers that stand for a symbol.
    n_symbols : int, default=2
        Symbols there are.
    tied : bool, default=False
        Whether the weights of the head are the table of the symbols; the sizes must
        agree then.
    n_negatives : int, default=0
        Outputs that a training pass draws beside its targets; 0 computes all of them.
    unknown_rate : float, default=0
        A symbol that occurs n times is read as the unknown one, 0, in training, with
        probability ``unknown_rate / (unknown_rate + n)``.

    Other parameters are those of `NetworkConfig`.
    """

    n_symbols: int = 2
    tied: bool = False
    unknown_rate: float = 0.0
    n_negatives: int = 0

    @property
    def reads_codes(self):
        """Whether the first layer reads `CodedRows`; noise makes rows differ."""
        return self.input_dropout == 0 and self.input_noise == 0

    def __post_init__(self):
        super().__post_init__()
        width = self.output_sizes[-1] * len(self.directions)
        if self.tied and (width, self.n_outputs) != (self.n_features, self.n_symbols):
            raise ValueError(
                f"tied weights need an output for each symbol and the same size of the "
                f"last hidden state and of the embedding, got {width} and "
                f"{self.n_features}"
            )

    @property
    def table_size(self):
        """Numbers of a symbol in the table."""
        return self.n_features

    @property
    def is_noisy(self):
        """Whether anything is random in training."""
        return self.unknown_rate > 0 or self.n_negatives > 0 or super().is_noisy


class SymbolNetwork(RecurrentNetwork):
    """A recurrent network that reads integer codes of symbols.

    Batches have codes as their inputs, of shape (n_rows, 1) or (n_rows,). The table
    stands at the end of the flat vector. Unless it is tied to the head, a pass leaves
    the gradient of the rows it has seen in ``row_gradients``, if it is given a gradient
    vector of length ``n_dense``; one of full length it fills.

    Attributes
    ----------
    symbol_counts : ndarray of int of shape (n_symbols,)
        How often each symbol occurs: to be set before a training with an
        ``unknown_rate``.
    table_scale : float
        Standard deviation of a symbol's numbers at the start, unless tied.
    """

    symbol_counts = None
    table_scale = TABLE_SCALE

    _config_class = SymbolNetworkConfig

    def _layout(self):
        config = self.config
        self._embedding = Embedding(
            config.n_symbols, config.table_size, self.dtype, self.kernels
        )
        shapes = super()._layout().shapes
        of_head = {}
        if config.n_negatives:  # rows of tables as well
            of_head = {key: shapes.pop(key) for key in _HEAD}
        if config.tied:
            (of_head or shapes).pop(_HEAD[0])
        shapes[_TABLE] = self._embedding.parameter_shapes["table"]
        return ParameterLayout(shapes | of_head)

    @property
    def _head_class(self):
        return SampledHead if self.config.n_negatives else super()._head_class

    def _bind(self):
        super()._bind()
        views = self._parameter_layout.views(self.parameters)
        self._table = {"table": views[_TABLE]}

    def _of_head(self, views):
        if _HEAD[1] not in views:  # a gradient that ends before the tables
            return {}
        if not self.config.tied:
            return super()._of_head(views)
        return {"weight": views[_TABLE], "bias": views["head", "bias"]}

    @property
    def table(self):
        """Writable view of the rows of the symbols, (n_symbols, n_features)."""
        return self._table["table"]

    @property
    def n_dense(self):
        """Number of parameters that have a gradient in every pass."""
        if self.config.tied and not self.config.n_negatives:
            return self.n_parameters
        return self._parameter_layout.start_of(_TABLE)

    @property
    def n_multiplied(self):
        """Number of parameters that a row is multiplied by: those of no table."""
        return self.n_parameters - (0 if self.config.tied else self.table.size)

    def initialize(self, rng, **how):
        """Draw starting values; see `RecurrentNetwork.initialize`."""
        super().initialize(rng, **how)
        scale = TIED_TABLE_SCALE if self.config.tied else self.table_scale
        self.table[:] = rng.normal(0.0, scale, self.table.shape)

    # ---- passes --------------------------------------------------------------------

    def _make_workspaces(self):
        return super()._make_workspaces() | {"symbols": Workspace(self.dtype)}

    def _disturbed(self, batch, noise):
        rate = self.config.unknown_rate
        if noise is None or rate == 0:
            return batch
        codes = batch.inputs.reshape(-1)
        probability = rate / (rate + self.symbol_counts[codes])
        is_unknown = noise.of_steps(batch.offsets) < probability
        return batch.with_inputs(np.where(is_unknown, UNKNOWN, codes))

    def _read(self, batch, n_threads, workspaces=None):
        codes = batch.inputs.reshape(-1)
        if self.config.reads_codes:
            symbols, codes = distinct_codes(codes, self.config.n_symbols)
            return batch.with_inputs(CodedRows(codes, self.table[symbols]))
        workspace = (
            Workspace(self.dtype) if workspaces is None else workspaces["symbols"]
        )
        rows = self._embedding.forward(codes, self._table, workspace)
        return batch.with_inputs(rows)

    def _d_inputs(self, batch):
        n_rows = batch.n_rows
        if self.config.reads_codes:
            n_rows = len(distinct_codes(batch.inputs, self.config.n_symbols)[0])
        return self._embedding.d_rows(n_rows, self.workspaces["symbols"])

    def _read_backward(self, batch, d_inputs, gradients):
        codes = batch.inputs.reshape(-1)
        if self.config.reads_codes:
            rows, _ = distinct_codes(codes, self.config.n_symbols)
            values = d_inputs[:, : self.config.n_features]
        else:
            rows, values = self._embedding.sums_of_rows(codes, d_inputs)
        if _TABLE in gradients:
            if not self.config.tied:  # otherwise the head's gradient is in it
                gradients[_TABLE][:] = 0
            gradients[_TABLE][rows] += values
            return
        self.row_gradients = self._of_candidates(rows, values)

    def _of_candidates(self, rows, values):
        """Gradients of rows of tables: of the symbols seen, and of the candidates."""
        candidates, self.candidates = self.candidates, None
        if candidates is None:
            return [self._parameter_layout.row_gradient(_TABLE, rows, values)]
        of_weight, of_bias = self._head.row_gradients
        of_bias = self._parameter_layout.row_gradient(
            _HEAD[1], candidates.rows, of_bias[:, np.newaxis]
        )
        if self.config.tied:
            rows, values = sum_rows(
                np.concatenate([candidates.rows, rows]),
                np.concatenate([of_weight, values]),
            )
            return [self._parameter_layout.row_gradient(_TABLE, rows, values), of_bias]
        of_weight = self._parameter_layout.row_gradient(
            _HEAD[0], candidates.rows, of_weight
        )
        return [
            self._parameter_layout.row_gradient(_TABLE, rows, values),
            of_weight,
            of_bias,
        ]

    @property
    def candidates(self):
        """Outputs of the next training pass; None for all. See `SampledHead`."""
        return getattr(self._head, "candidates", None)

    @candidates.setter
    def candidates(self, candidates):
        if self.config.n_negatives:
            self._head.candidates = candidates
