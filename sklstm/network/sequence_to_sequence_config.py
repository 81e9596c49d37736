"""What an encoder-decoder network is made of, in plain values."""

from dataclasses import dataclass, fields

import numpy as np

from .attention import ATTENTIONS
from .config import NetworkConfig

__all__ = ["SequenceToSequenceConfig"]


@dataclass(frozen=True)
class SequenceToSequenceConfig:
    """Structure of an encoder-decoder network, and what is random in its training.

    Parameters
    ----------
    n_features : int
        Features of a source step or vector; the number of symbols where sources are
        sequences of symbols.
    n_symbols : int
        Target symbols, the start and the end included.
    source : {"symbols", "vectors", "vector"}, default="symbols"
        What a sample is: symbols or vectors, one a step, or one vector, which the
        decoder starts from.
    cell : str, default="lstm"
        A key of ``CELLS``.
    encoder_layer_sizes, decoder_layer_sizes : tuple of int, default=(64,)
        Units of each layer, in one direction.
    bidirectional : bool, default=True
        Whether the encoder reads in both directions.
    source_embedding_size, embedding_size : int, default=64
        Elements of a symbol's row, of the source and of the target.
    attention : {"dot", "general", "additive"} or None, default="general"
    tied : bool, default=True
        Whether the scores of the symbols are products with the rows that embed them.
    dropout, input_noise, input_dropout, recurrent_dropout, zoneout : float, default=0
        As of `NetworkConfig`; ``dropout`` applies to embedded symbols, to what the
        tanh layer above the decoder reads, and to its outputs as well.
    dtype : {"float32", "float64"}, default="float32"

    Raises
    ------
    ValueError
        If a name is unknown, or attention has nothing to look at.
    """

    n_features: int
    n_symbols: int
    source: str = "symbols"
    cell: str = "lstm"
    encoder_layer_sizes: tuple = (64,)
    decoder_layer_sizes: tuple = (64,)
    bidirectional: bool = True
    source_embedding_size: int = 64
    embedding_size: int = 64
    attention: str | None = "general"
    tied: bool = True
    dropout: float = 0.0
    input_noise: float = 0.0
    input_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    dtype: str = "float32"

    def __post_init__(self):
        sources = ("symbols", "vectors", "vector")
        if self.source not in sources:
            raise ValueError(f"source must be one of {sources}, got {self.source!r}")
        if self.attention is not None and self.attention not in ATTENTIONS:
            raise ValueError(
                f"attention must be one of {ATTENTIONS} or None, got {self.attention!r}"
            )
        if self.attention is not None and self.source == "vector":
            raise ValueError("there is no attention to one vector: attention=None")
        plain = {
            "cell": str(self.cell),
            "dtype": np.dtype(self.dtype).name,
            "encoder_layer_sizes": tuple(map(int, self.encoder_layer_sizes)),
            "decoder_layer_sizes": tuple(map(int, self.decoder_layer_sizes)),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    @property
    def encoder(self):
        """Of the recurrent layers that read; None for one vector a sample."""
        if self.source == "vector":
            return None
        embedded = self.source == "symbols"
        return NetworkConfig(
            self.source_embedding_size if embedded else self.n_features, 1,
            hidden_layer_sizes=self.encoder_layer_sizes,
            bidirectional=self.bidirectional,
            input_noise=0.0 if embedded else self.input_noise,
            input_dropout=self.dropout if embedded else self.input_dropout,
            **self._shared,
        )  # fmt: skip

    @property
    def decoder(self):
        """Of the recurrent layers that write."""
        return NetworkConfig(
            self.embedding_size, 1, hidden_layer_sizes=self.decoder_layer_sizes,
            input_dropout=self.dropout, **self._shared,
        )  # fmt: skip

    @property
    def _shared(self):
        return {
            "pooling": None,
            "cell": self.cell,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "zoneout": self.zoneout,
            "dtype": self.dtype,
        }

    @property
    def is_noisy(self):
        """Whether anything is random in training."""
        rates = (self.input_dropout, self.recurrent_dropout, self.dropout)
        return any((*rates, self.zoneout, self.input_noise))

    @property
    def n_outputs(self):
        """Scores of a step: one a symbol."""
        return self.n_symbols

    def as_dict(self):
        """The fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
