"""Fitted estimators as ONNX graphs.

conversion.py      `to_onnx`, and what is fed to the graphs
registry.py        which estimator becomes a graph how
export.py          what all estimators' graphs have in common
predictors.py, tagger.py, transcriber.py, language_model.py, seq2seq.py, forecaster.py
                   one estimator each, or one kind
transformers.py    transformers of sequences that stand before a network
sklearn_models.py  pipelines and other models of scikit-learn, by skl2onnx;
skl2onnx_calls.py  what is asked of it
symbols.py         reading codes of symbols, and the characters of words
padding.py         ragged sequences as one array and lengths
states.py          recurrent states as inputs and outputs
outputs.py         labels, probabilities, numbers in the users' units
series.py          how a network sees a time series
crf.py             best paths and marginals of a conditional random field
layers.py          recurrent layers, as ONNX's operators
scan_layers.py     as loops, where there is no operator
steps.py           the time axis: lengths, masks, pooling
graph.py           builds graphs
"""

from .conversion import onnx_inputs, to_onnx
from .padding import pad
from .seq2seq import EncoderDecoder
from .sklearn_models import register_converters

__all__ = ["EncoderDecoder", "onnx_inputs", "pad", "register_converters", "to_onnx"]
