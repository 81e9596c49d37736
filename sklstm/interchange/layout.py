"""The one table of how libraries lay out the weights of a recurrent layer.

The equations agree, their arrays do not:

=========  ===============  ==============  =========  ===================
library    gates of LSTM    gates of GRU    peepholes  biases
=========  ===============  ==============  =========  ===================
sklstm     i, f, g, o       r, z, n         i, f, o    one
PyTorch    i, f, g, o       r, z, n         none       two
Keras      i, f, g, o       z, r, n         none       one; GRU: see below
ONNX       i, o, f, g       z, r, n         i, o, f    two
=========  ===============  ==============  =========  ===================

(g, the candidate of an LSTM, is called c by Keras and ONNX; n, that of a GRU, is called
h by them.)

- **Sign of z.** sklstm has the GRU as first published, ``h = (1 - z)*h' + z*n``, the
  others ``h = z*h' + (1 - z)*n``. Since ``1 - s(a) = s(-a)``, the rows of that gate
  change their sign.
- **Two biases** are added up on the way in; on the way out the second is zero.
- **A GRU that resets after the product** needs two in its candidate gate,
  ``n = tanh(W x + b + r*(U h' + b_hh))``: there they stay apart. Keras has two rows of
  biases for it, and one for the GRU that resets before.

`exchanged` goes both ways: between rows in one order and rows in another.
"""

import numpy as np

from ..network.cells import CELLS

__all__ = ["KERAS", "ONNX", "PYTORCH", "exchanged", "join_biases", "split_biases"]

PYTORCH = {"lstm": "ifgo", "gru": "rzn", "rnn": "h"}
KERAS = {"lstm": "ifgo", "gru": "zrn", "rnn": "h"}
ONNX = {"lstm": "iofg", "gru": "zrn", "rnn": "h", "peephole": "iof"}
_OURS = {"lstm": "ifgo", "gru": "rzn", "rnn": "h", "peephole": "ifo"}

# Gates whose activation stands for one minus that of the other libraries.
_OF_OPPOSITE_SIGN = {"z"}


def exchanged(array, kind, layout, *, inward):
    """Rows of gates in another order, with the other sign where it differs.

    Parameters
    ----------
    array : ndarray of shape (n_gates * hidden_size, ...)
    kind : {"lstm", "gru", "rnn", "peephole"}
    layout : dict of str to str
        Of the other library: `PYTORCH`, `KERAS` or `ONNX`.
    inward : bool
        Whether the array is the other library's, not ours.

    Returns
    -------
    array : ndarray of the same shape
    """
    source, target = _OURS[kind], layout[kind]
    if inward:
        source, target = target, source
    rows = dict(zip(source, np.split(array, len(source)), strict=True))
    for gate in _OF_OPPOSITE_SIGN & set(target):
        rows[gate] = -rows[gate]
    return np.concatenate([rows[gate] for gate in target])


def join_biases(cell, bias_ih, bias_hh):
    """Our bias, and our second one where the cell has it, of two in our order.

    Parameters
    ----------
    cell : str
        A key of ``CELLS``.
    bias_ih, bias_hh : ndarray of shape (n_gates * hidden_size,)

    Returns
    -------
    biases : dict of str to ndarray
    """
    bias = bias_ih + bias_hh
    own = _rows_of_own(cell, len(bias))
    if not len(own):
        return {"bias": bias}
    bias[own] = bias_ih[own]
    return {"bias": bias, "bias_hh": bias_hh[own]}


def split_biases(cell, parameters):
    """The two biases of other libraries, in our order.

    Parameters
    ----------
    cell : str
        A key of ``CELLS``.
    parameters : mapping from str to ndarray
        Ours.

    Returns
    -------
    bias_ih, bias_hh : ndarray of shape (n_gates * hidden_size,)
    """
    bias_ih = parameters["bias"]
    bias_hh = np.zeros_like(bias_ih)
    if "bias_hh" in parameters:
        bias_hh[_rows_of_own(cell, len(bias_ih))] = parameters["bias_hh"]
    return bias_ih, bias_hh


def _rows_of_own(cell, n_rows):
    """Rows of the gates whose recurrent part has a bias of its own."""
    gates = np.array(CELLS[cell].bias_hh_gates, dtype=np.intp)
    size = n_rows // CELLS[cell].n_gates
    return (gates[:, np.newaxis] * size + np.arange(size)).reshape(-1)
