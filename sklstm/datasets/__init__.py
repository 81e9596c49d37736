"""Small real data that ships in the package, public data to download, test problems.

`load_japanese_vowels` reads a file of the package, the functions ``make_...`` generate
problems, and those called ``fetch_...`` download public data sets once into the folder
`get_data_home` names (``pip install 'sklstm[data]'``).
"""

from sklstm.datasets.etth1 import fetch_etth1
from sklstm.datasets.fetching import clear_data_home, get_data_home
from sklstm.datasets.japanese_vowels import load_japanese_vowels
from sklstm.datasets.jsb_chorales import fetch_jsb_chorales
from sklstm.datasets.long_time_lags import (
    make_copy_memory,
    make_temporal_order,
    make_two_sequences,
)
from sklstm.datasets.marked_values import make_adding, make_multiplication
from sklstm.datasets.multi30k import fetch_multi30k
from sklstm.datasets.pendigits import fetch_pendigits
from sklstm.datasets.reber import make_reber, reber_next_symbols
from sklstm.datasets.snips import fetch_snips
from sklstm.datasets.tinyshakespeare import fetch_tinyshakespeare
from sklstm.datasets.ud_english_ewt import fetch_ud_english_ewt

__all__ = [
    "clear_data_home",
    "fetch_etth1",
    "fetch_jsb_chorales",
    "fetch_multi30k",
    "fetch_pendigits",
    "fetch_snips",
    "fetch_tinyshakespeare",
    "fetch_ud_english_ewt",
    "get_data_home",
    "load_japanese_vowels",
    "make_adding",
    "make_copy_memory",
    "make_multiplication",
    "make_reber",
    "make_temporal_order",
    "make_two_sequences",
    "reber_next_symbols",
]
