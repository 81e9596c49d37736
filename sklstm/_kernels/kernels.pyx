"""Recurrent layers, dense products and elementwise functions for one instruction set
and one dtype.

This one source is compiled once for every pair of them (setup.py); `real` is float or
double. The parts, from the inside out:

    simd.h          the SIMD register, elementary functions
    tile.h          the register tile, of which every product is made
    layer.pxi       what a pass over a recurrent layer knows; what a cell has to provide
    cells/*.pxi     one file a cell: equations, forward tile, backward tile
    passes.pxi      the only loops over time: forward and backward over a step table
    dense.pxi       products of rows with a weight matrix: heads, gradients of inputs
    gradients.pxi   weight and bias gradients
    packing.pxi     weights -> panels
    pooling.pxi     the hidden states of a sequence -> one vector, and back
    links.pxi       softmax, logistic, exponential
    cross_entropy.pxi  softmax cross-entropy and its gradient in one pass
    crf*.pxi        conditional random field over the tags of a sequence
    attention.pxi   steps of one sequence that look at the steps of another
    search.pxi      the likeliest symbols of a step
    dropout.pxi     masks, rows times the mask of their sequence, rows with noise
    streaming.pxi   one step of sequences that arrive step by step
    ctc.pxi         loss of label sequences without times; ctc_decoding.pxi and
                    ctc_beam_search.pxi read labels from outputs

Kernels know arrays, sizes and n_threads. They never allocate, never raise and never
touch a Python object after their first lines; sizes are checked by sklstm.network.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cython.parallel cimport prange, threadid
from libc.math cimport exp, isfinite, log, log1p
from libc.string cimport memcpy, memset

include "layer.pxi"
include "cells/lstm.pxi"
include "cells/gru.pxi"
include "cells/gru_reset_after.pxi"
include "cells/rnn.pxi"
include "cells/registry.pxi"
include "passes.pxi"
include "dense.pxi"
include "gradients.pxi"
include "packing.pxi"
include "pooling.pxi"
include "links.pxi"
include "cross_entropy.pxi"
include "crf.pxi"
include "crf_log.pxi"
include "crf_paths.pxi"
include "attention.pxi"
include "search.pxi"
include "dropout.pxi"
include "streaming.pxi"
include "ctc.pxi"
include "ctc_decoding.pxi"
include "ctc_beam_search.pxi"
