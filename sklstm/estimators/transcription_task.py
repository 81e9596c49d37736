"""Learning to write down labels whose times are not known."""

import numpy as np

from ..network.ctc import n_steps_needed
from ..sequences import Sequences
from ..sequences.container import offsets_of
from ..sequences.symbol_input import read_sequence, read_symbols, unwrapped
from ..sequences.symbol_table import SymbolTable
from ..training.ctc import CTCLoss
from .labels import check_given
from .tasks import Task, check_weights

__all__ = ["TranscriptionTask"]


class TranscriptionTask(Task):
    """Learn a sequence of labels for each sequence, in order and without times.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    classes : iterable of hashable or None, default=None
        All labels that may ever come; None takes those of the first y.
    incremental : bool, default=False
        Whether y is a piece of the data, so that `classes` must be given.
    """

    pooled = False

    def __init__(self, estimator_name, classes=None, *, incremental=False):
        super().__init__(estimator_name)
        self._first_classes = classes
        self._incremental = incremental

    def begin(self, y, sequences):
        """Settle labels and loss; return y as `Sequences` of codes."""
        checked = self._checked(y, sequences, "y", None)
        if self._incremental and self._first_classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the labels "
                "of this piece of the data may not be all that will come."
            )
        known = checked
        if self._first_classes is not None:
            known = [self._classes_as_list(self._first_classes)]
        self._table = SymbolTable(known)
        if not self._table.symbols:
            raise ValueError(
                f"{self._estimator_name} has no labels to learn: all sequences of y are"
                " empty."
            )
        self._table.joins = all(isinstance(labels, str) for labels in checked)
        self._as_arrays = all(isinstance(labels, np.ndarray) for labels in y)
        self.loss = CTCLoss(len(self._table.symbols))
        return self._encoded(checked, "y")

    def encode(self, y, sequences, name="y"):
        """Return further labels as `Sequences` of codes."""
        checked = self._checked(y, sequences, name, self._table)
        return self._encoded(checked, name)

    def weights(self, y, sample_weight, sequences, *, class_weight=None, name):
        """Return the weight of each sequence, or None; those that count must fit."""
        weights = None
        if sample_weight is not None:
            weights = check_weights(sample_weight, sequences, name)
        check_fit(y, sequences, weights, name.replace("sample_weight", "y"))
        return weights

    def codes_of(self, y, sequences):
        """Return the codes of each sample; -1 for labels that are not known."""
        labels = self._codes(self._checked(y, sequences, "y", self._table))
        return [codes.ravel() for codes in labels]

    def decode(self, codes):
        """Return the labels of each sample, in the form they were given in.

        Parameters
        ----------
        codes : list of ndarray of int

        Returns
        -------
        y : ndarray of shape (n_samples,), dtype object
            Strings, lists, or arrays.
        """
        y = np.empty(len(codes), dtype=object)
        for sample, of_sample in enumerate(codes):
            if self._as_arrays:
                y[sample] = self.classes[of_sample]
            else:
                n_reserved = self._table.n_reserved
                y[sample] = self._table.decode(of_sample + n_reserved)
        return y

    def check_classes(self, classes):
        """Raise if `classes` are not those of the first call."""
        classes = self._classes_as_list(classes)
        if set(classes) != set(self._table.symbols):
            raise ValueError(
                f"classes={classes} are not those of the first call, "
                f"{self._table.symbols}. They cannot change: fit anew."
            )

    def _classes_as_list(self, classes):
        """Given classes as a list of plain values."""
        classes = unwrapped(classes)
        if isinstance(classes, np.ndarray):
            classes = classes.tolist()
        try:
            return list(read_sequence(list(classes), "classes"))
        except TypeError:  # one number, or an array of no dimension
            raise ValueError(
                f"classes is {classes!r}: expected a list of labels, or a string of "
                "characters."
            ) from None

    @property
    def classes(self):
        """The labels as an array; of objects, unless they are numbers or strings."""
        symbols = self._table.symbols
        kinds = {type(symbol) for symbol in symbols}
        if len(kinds) == 1 and kinds <= {str, int, float, bool}:
            return np.array(symbols)
        classes = np.empty(len(symbols), dtype=object)
        classes[:] = symbols
        return classes

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        return {"classes_": self.classes}

    def _checked(self, y, sequences, name, table):
        check_given(y, self._estimator_name)
        y = read_symbols(y, name, table)
        if len(y) != len(sequences):
            raise ValueError(
                f"X and {name} must have one sequence a sample each: X has "
                f"{len(sequences)}, {name} has {len(y)}."
            )
        return y

    def _codes(self, checked):
        codes, lengths = self._table.encode(checked)
        codes = codes[:, np.newaxis] - self._table.n_reserved
        return Sequences.trusted(codes, lengths, offsets_of(lengths))

    def _encoded(self, checked, name):
        labels = self._codes(checked)
        if labels.values.size and labels.values.min() < 0:
            row = int(np.argmax(labels.values < 0))
            sample = int(np.searchsorted(labels.offsets, row, side="right") - 1)
            place = row - int(labels.offsets[sample])
            raise ValueError(
                f"{name}[{sample}][{place}] is {checked[sample][place]!r}, which is not"
                f" among the labels of the first data: {self._table.symbols}."
            )
        return labels


def check_fit(labels, sequences, weights=None, name="y"):
    """Raise unless each sequence has steps enough for its labels.

    Parameters
    ----------
    labels : Sequences
        Codes.
    sequences : Sequences
    weights : ndarray of shape (n_samples,) or None, default=None
        Sequences of weight zero are not looked at.
    name : str, default="y"
        The name the user knows the labels by.
    """
    needed = n_steps_needed(labels)
    misfits = needed > sequences.lengths
    if weights is not None:
        misfits &= weights > 0
    if misfits.any():
        sample = int(np.argmax(misfits))
        raise ValueError(
            f"{name}[{sample}] has {int(labels.lengths[sample])} labels and needs at "
            f"least {int(needed[sample])} time steps, one for each label and one "
            f"between equal neighbours, but sequence {sample} has "
            f"{int(sequences.lengths[sample])}. Leave it out, or give more steps "
            "(stack fewer frames)."
        )
