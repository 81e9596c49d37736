"""From outputs to sequences of labels, and how far these are from the right ones.

    ctc             labels without times: best path, prefix beam search, alignment
    beam_search     the likeliest symbols, one after the other, over any step function
    sampling        the next symbol at random, by its probability
    edit_distance   between two sequences of codes

Everything here works on integer codes; estimators know the labels that they stand for.
"""

from .beam_search import Hypothesis, beam_search
from .ctc import align, best_path, prefix_beam_search
from .edit_distance import edit_distance
from .sampling import draw_binary, draw_symbols

__all__ = [
    "Hypothesis",
    "align",
    "beam_search",
    "best_path",
    "draw_binary",
    "draw_symbols",
    "edit_distance",
    "prefix_beam_search",
]
