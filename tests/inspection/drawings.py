"""What the tests of the displays share."""

import pytest

from sklstm import LSTMClassifier

plt = pytest.importorskip("matplotlib.pyplot")


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def x_labels(ax):
    return [text.get_text() for text in ax.get_xticklabels()]


def classifier(**parameters):
    parameters = {
        "hidden_layer_sizes": 4,
        "max_iter": 4,
        "random_state": 0,
    } | parameters
    return LSTMClassifier(**parameters)
