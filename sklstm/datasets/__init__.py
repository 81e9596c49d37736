"""Small real data that ships in the package, and generated test problems."""

from sklstm.datasets.japanese_vowels import load_japanese_vowels
from sklstm.datasets.long_time_lags import (
    make_copy_memory,
    make_temporal_order,
    make_two_sequences,
)
from sklstm.datasets.marked_values import make_adding, make_multiplication
from sklstm.datasets.reber import make_reber, reber_next_symbols

__all__ = [
    "load_japanese_vowels",
    "make_adding",
    "make_copy_memory",
    "make_multiplication",
    "make_reber",
    "make_temporal_order",
    "make_two_sequences",
    "reber_next_symbols",
]
