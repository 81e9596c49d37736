"""`GateActivityDisplay` draws what `gate_traces` gives."""

import numpy as np
import pytest
from inspection.drawings import classifier, plt, x_labels
from inspection.step_by_step import fitted, make_sequences
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMSeq2Seq,
    LSTMTagger,
    Sequences,
    TimestepTransformer,
)
from sklstm.inspection import (
    GateActivityDisplay,
    gate_traces,
)


def test_gate_activity_draws_what_gate_traces_gives():
    model, X = fitted(LSTMClassifier), make_sequences()
    traces = gate_traces(model, X)
    display = GateActivityDisplay.from_estimator(model, X, sample=4)
    names = ["inputs", "input_gate", "forget_gate", "output_gate", "cell", "hidden"]
    assert list(display.artists_) == names
    for name in names[1:]:
        image = display.artists_[name]
        assert_allclose(image.get_array(), traces[name][4].T)
        limits = image.get_clim()
        limit = np.abs(traces[name][4]).max()
        assert limits == ((0, 1) if "gate" in name else (-limit, limit))
    for line, channel in zip(display.artists_["inputs"], X[4].T, strict=True):
        assert_allclose(line.get_ydata(), channel)
    titles = [ax.get_title(loc="left") for ax in display.axes_]
    assert titles == [name.replace("_", " ") for name in names]
    assert display.axes_[-1].get_xlabel() == "step"


def test_the_mean_of_units_has_a_band_of_most_of_them():
    model, X = fitted(LSTMClassifier, cell="gru"), make_sequences()
    display = GateActivityDisplay.from_estimator(
        model, X, sample=1, kind="mean", quantities=["update_gate", "candidate"],
        show_inputs=False,
    )  # fmt: skip
    traces = gate_traces(model, X)
    update, _candidate = display.axes_
    assert list(display.artists_) == ["update_gate", "candidate"]
    for name, line in display.artists_.items():
        assert_allclose(line.get_ydata(), traces[name][1].mean(axis=1))
    (band,) = update.collections
    low, high = np.quantile(traces.update_gate[1], [0.1, 0.9], axis=1)
    corners = band.get_paths()[0].vertices[:, 1]
    assert_allclose([corners.min(), corners.max()], [low.min(), high.max()])


@pytest.mark.parametrize("make", [list, Sequences.from_list])
def test_one_sample_is_looked_at_through_a_pipeline(make):
    X = make_sequences()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), classifier(bidirectional=True)
    ).fit(make(X), list("ababab"))
    display = GateActivityDisplay.from_estimator(
        pipeline, make(X), sample=-5, direction="backward", quantities="cell"
    )
    scaled = pipeline[:-1].transform(make(X))
    expected = gate_traces(pipeline[-1], scaled, direction="backward").cell[1]
    assert_allclose(display.artists_["cell"].get_array(), expected.T)
    assert_allclose(
        [line.get_ydata() for line in display.artists_["inputs"]],
        scaled[1].T, rtol=1e-6,
    )  # fmt: skip


def test_symbols_name_the_steps():
    tagger = LSTMTagger(hidden_layer_sizes=4, max_iter=1).fit(
        [["to", "Rome"], ["to", "Oslo"]], [["O", "to"], ["O", "to"]]
    )
    display = GateActivityDisplay.from_estimator(tagger, [["to", "Paris"]])
    assert "inputs" not in display.artists_
    assert x_labels(display.axes_[-1]) == ["to", "Paris"]
    model = LSTMLanguageModel(hidden_layer_sizes=4, max_iter=1).fit(["abab", "ba"])
    display = GateActivityDisplay.from_estimator(model, ["ab"], quantities="hidden")
    assert x_labels(display.axes_[0]) == ["(start)", "a", "b"]


def test_what_reads_and_what_writes_is_named():
    X, y = [["good", "night"], ["hello"]] * 3, [["gute", "Nacht"], ["hallo"]] * 3
    model = LSTMSeq2Seq(hidden_layer_sizes=4, max_iter=1, random_state=0).fit(X, y)
    traces = gate_traces(model, X, y, layer=0)
    display = GateActivityDisplay.from_estimator(
        model, X, y, sample=1, layer=0, quantities="cell"
    )
    assert x_labels(display.axes_[0]) == ["hello", "(end)"]
    assert_allclose(display.artists_["cell"].get_array(), traces.cell[1].T, rtol=1e-6)
    display = GateActivityDisplay.from_estimator(
        model, X, y, sample=1, quantities="cell"
    )
    assert x_labels(display.axes_[0]) == ["(start)", "hallo"]
    vectors = np.random.RandomState(0).normal(size=(6, 4, 2))
    model.fit(vectors, y)
    display = GateActivityDisplay.from_estimator(model, vectors, y, layer=0)
    for line, channel in zip(display.artists_["inputs"], vectors[0].T, strict=True):
        assert_allclose(line.get_ydata(), channel, rtol=1e-6)


def test_rows_of_data_frames_and_series_are_samples():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    table = np.random.RandomState(0).normal(size=(6, 5))
    model = classifier().fit(table, list("ababab"))
    expected = gate_traces(model, table).cell[4]
    index = list("uvwxyz")
    for X in (table, pd.DataFrame(table, index=index), pl.DataFrame(table)):
        display = GateActivityDisplay.from_estimator(
            classifier().fit(X, list("ababab")), X, sample=4, quantities="cell"
        )
        assert_allclose(display.artists_["cell"].get_array(), expected.T)
    texts = pd.Series(["abab", "ba", "abba"], index=[7, 8, 9])
    model = LSTMLanguageModel(hidden_layer_sizes=4, max_iter=1).fit(texts)
    display = GateActivityDisplay.from_estimator(
        model, texts, sample=1, quantities="hidden"
    )
    assert x_labels(display.axes_[0]) == ["(start)", "b", "a"]


def test_many_channels_are_an_image_and_a_forecaster_shows_its_window():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(6, 5, 12))
    model = classifier().fit(X, list("ababab"))
    display = GateActivityDisplay.from_estimator(model, X, quantities="cell")
    assert_allclose(display.artists_["inputs"].get_array(), X[0].T, rtol=1e-6)
    series = rng.normal(size=(60, 2)).cumsum(axis=0)
    forecaster = LSTMForecaster(
        horizon=2, window=8, hidden_layer_sizes=4, max_iter=1, random_state=0
    ).fit(series)
    display = GateActivityDisplay.from_estimator(forecaster, series, sample=1)
    expected = gate_traces(forecaster, series).cell[1]
    assert_allclose(display.artists_["cell"].get_array(), expected.T)


def test_one_axes_is_divided_and_others_must_be_as_many_as_panels():
    model, X = fitted(LSTMClassifier), make_sequences()
    _, (left, right) = plt.subplots(1, 2)
    display = GateActivityDisplay.from_estimator(
        model, X, quantities=["cell", "hidden"], show_inputs=False, ax=left
    )
    assert display.figure_ is left.figure
    place = left.get_position()
    for ax in display.axes_:
        assert ax.get_position().x1 < right.get_position().x0
        assert ax.get_position().y1 <= place.y1 + 1e-6
    with pytest.raises(ValueError, match=r"draws 2 panel\(s\), but ax holds 1 Axes"):
        display.plot(ax=[right], quantities=["cell", "hidden"], show_inputs=False)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sample": 6}, r"sample=6 is out of range: there are 6 sequence\(s\)"),
        ({"layer": 1}, "layer=1 is out of range"),
        ({"quantities": ["reset_gate"]}, "must be some of .*'forget_gate'"),
        ({"quantities": []}, "quantities must be some of"),
        ({"kind": "bars"}, "kind must be 'units' or 'mean', got 'bars'"),
    ],
)
def test_what_gate_activity_cannot_draw_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        GateActivityDisplay.from_estimator(
            fitted(LSTMClassifier), make_sequences(), **arguments
        )
