"""From outputs to sequences of labels, and how far these are from the right ones.

    ctc             labels without times: best path, prefix beam search, alignment
    edit_distance   between two sequences of codes

Everything here works on integer codes and on rows sample after sample; estimators know
the labels that the codes stand for.
"""

from .ctc import align, beam_search, best_path
from .edit_distance import edit_distance

__all__ = ["align", "beam_search", "best_path", "edit_distance"]
