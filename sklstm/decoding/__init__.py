"""Searches for output sequences, over whatever a step of a model returns.

beam_search.py    the likeliest sequences of symbols, greedily or with a beam
"""

from .beam_search import Hypothesis, beam_search

__all__ = ["Hypothesis", "beam_search"]
