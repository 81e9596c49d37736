"""Gradients of the inputs, against finite differences of what estimators say."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from inspection.explained import (
    fitted_classifier,
    fitted_multilabel,
    fitted_regressor,
    fitted_symbol_tagger,
    fitted_tagger,
    fitted_transcriber,
    fitted_transformer,
    make_sequences,
    training_data,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    Sequences,
    SequenceTransformer,
    TimestepTransformer,
)
from sklstm.inspection import input_gradients
from sklstm.sequences.packing import pack_batch

METHODS = ("decision_function", "predict_proba", "predict_log_proba")


def number_of(method, probabilities, log_probabilities=None):
    if method == "predict_proba":
        return probabilities
    if method == "predict_log_proba":
        return np.log(probabilities)
    return np.log(probabilities) - np.log1p(-probabilities)


def assert_exact(model, X, function, **arguments):
    """`function` is of the model alone; X is changed under it."""
    found = input_gradients(model, X, **arguments)
    assert_gradient_matches(
        found.values, lambda: np.sum(function()), X.values, "inputs", step=1e-4,
        atol=1e-8,
    )  # fmt: skip


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_of_a_class(n_classes, method, pooling):
    model, X = fitted_classifier(n_classes, pooling=pooling), make_sequences()
    for target, column in (("a", 0), ("b", 1)):
        assert_exact(
            model, X,
            lambda column=column: number_of(method, model.predict_proba(X)[:, column]),
            target=target, response_method=method,
        )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_of_one_of_several_labels(method):
    model, X = fitted_multilabel(), make_sequences()
    assert_exact(
        model, X, lambda: number_of(method, model.predict_proba(X)[:, 2]),
        target=2, response_method=method,
    )  # fmt: skip


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_predicted_class_is_explained_unless_another_is_named(n_classes):
    model, X = fitted_classifier(n_classes), make_sequences()
    predicted = model.predict(X)
    found = input_gradients(model, X)
    assert_array_equal(found.values, input_gradients(model, X, target=predicted).values)
    for i, label in enumerate(predicted):
        alone = input_gradients(model, X[[i]], target=label)
        assert_array_equal(found[i], alone.values)


def test_log_odds_are_steep_where_probabilities_are_flat():
    """A class that is certain still has a gradient, and the right one."""
    model, X = fitted_classifier(3), make_sequences()
    model._network.output_bias[:] = [60, 0, 0]
    model._network.parameters_changed()
    assert np.ptp(model.predict_proba(X)[:, 0]) == 0
    flat = input_gradients(model, X, target="a", response_method="predict_proba")
    assert np.abs(flat.values).max() < 1e-20
    assert_exact(
        model, X,
        lambda: -np.logaddexp.reduce(model.predict_log_proba(X)[:, 1:], axis=1),
        target="a",
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_of_a_number_in_units_of_y(n_outputs, loss):
    model, X = fitted_regressor(n_outputs, loss=loss), make_sequences()
    for target in range(n_outputs):
        assert_exact(
            model, X,
            lambda target=target: model.predict(X).reshape(len(X), -1)[:, target],
            target=None if n_outputs == 1 else target,
        )  # fmt: skip


@pytest.mark.parametrize("output", ["last", "mean", "max", "sequence"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_of_a_feature(output, bidirectional):
    parameters = {"objective": "regression", "bidirectional": bidirectional}
    X = training_data()
    model = SequenceTransformer(
        hidden_layer_sizes=(5, 4), max_iter=2, random_state=0, dtype="float64",
        **parameters,
    ).fit(X, X.lengths)  # fmt: skip
    model.set_params(output=output)
    X, feature = make_sequences(), 3

    def features():
        if output != "sequence":
            return model.transform(X)[:, feature]
        states = model.transform(X)
        return np.array([of_sample[1, feature] for of_sample in states])

    step = 1 if output == "sequence" else None
    assert_exact(model, X, features, target=feature, step=step)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("output", ["softmax", "crf"])
@pytest.mark.parametrize("n_labels, step", [(3, None), (3, -2), (3, 0), (2, None)])
def test_of_a_label_of_a_step(n_labels, step, output, method):
    model, X = fitted_tagger(n_labels, output=output), make_sequences()
    at = -1 if step is None else step

    def numbers():
        probabilities = [rows[at, 1] for rows in model.predict_proba(X)]
        return number_of(method, np.array(probabilities))

    assert_exact(model, X, numbers, target="y", step=step, response_method=method)


def test_of_a_label_that_a_crf_is_sure_of():
    model, X = fitted_tagger(output="crf"), make_sequences()
    model._network.output_bias[:] = [40, 0, 0]
    model._network.parameters_changed()
    found = input_gradients(model, X, target="x")
    model._network.output_bias[:] = [10, 0, 0]
    model._network.parameters_changed()
    assert np.isfinite(found.values).all()
    expected = input_gradients(model, X, target="x")
    assert_allclose(found.values, expected.values, rtol=0.1)


def test_of_a_transcript():
    model, X = fitted_transcriber(), make_sequences()

    def log_probabilities():
        """By the sum over all paths of two steps and more, written out."""
        totals = []
        for rows in model.predict_proba(X):
            a, blank = 0, rows.shape[1] - 1  # "a": blanks, then a's, then blanks
            before, inside, after = rows[0, blank], rows[0, a], 0.0
            for row in rows[1:]:
                after = (after + inside) * row[blank]
                inside = (inside + before) * row[a]
                before = before * row[blank]
            totals.append(np.log(inside + after))
        return np.array(totals)

    assert_exact(model, X, log_probabilities, target=["a"] * len(X))


@pytest.mark.parametrize("loss", ["squared_error", "quantile"])
@pytest.mark.parametrize("by_step", [False, True])
def test_of_a_forecast_the_window_is_explained(by_step, loss):
    y = np.sin(np.arange(80.0)) + np.random.RandomState(0).normal(size=80)
    covariate = np.random.RandomState(1).normal(size=(80, 1))
    model = LSTMForecaster(
        horizon=3, window=6, loss=loss, dtype="float64", max_iter=1, random_state=0
    ).fit(y, covariate if by_step else None)
    windows = model._read_steps(y) if not by_step else None
    if by_step:  # what is read beside the series cannot be passed with it
        windows = make_sequences((9, 9), model._network.config.n_features)
        model._read_steps = lambda X: windows
    windows.values.flags.writeable = True
    middle = {"squared_error": 0, "quantile": len(model.quantiles) // 2}[loss]
    found = input_gradients(model, y, target=1)

    def forecast():
        outputs = model._run(windows, "predict")
        if not by_step:
            return outputs[:, 1 * (2 * middle + 1) + middle]
        return outputs.reshape(len(windows), -1, 2 * middle + 1)[:, -2, middle]

    assert_gradient_matches(
        np.concatenate(found), lambda: forecast().sum(), windows.values, "windows"
    )


# Symbols ----


@pytest.mark.parametrize("character_size", [None, 2])
def test_symbols_are_explained_by_their_embeddings(character_size):
    model = fitted_symbol_tagger(character_size=character_size)
    X = [["the", "dog", "sat", "off"], ["cat", "ran"]]
    width = 3 if character_size is None else 3 + 2 * character_size
    gradients = input_gradients(model, X, target="V")
    assert [rows.shape for rows in gradients] == [(4, width), (2, width)]
    norms = input_gradients(model, X, target="V", reduce="norm")
    assert_allclose(norms[0], np.linalg.norm(gradients[0], axis=1))
    products = input_gradients(
        model, X, target="V", multiply_by_inputs=True, reduce="sum"
    )
    assert [part.shape for part in products] == [(4,), (2,)]
    # A small change of the embedding of one word, which occurs once.
    code = model._reader.table.encode([["cat"]])[0][0]

    def log_odds():
        model._network.parameters_changed()
        p = model.predict_proba(X)[1][-1, model.classes_.tolist().index("V")]
        return np.log(p) - np.log1p(-p)

    assert_gradient_matches(
        gradients[1][0, :3], log_odds, model._network.table[code], "the cat"
    )
    shares = gradients[1] * embedded(model, X)[4:]
    assert_allclose(products[1], shares.sum(axis=1))


@pytest.mark.parametrize("mark_ends", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_of_the_symbol_that_follows(method, mark_ends):
    """Known symbols only: the others are not what is predicted."""
    texts = ["abcab", "bcabc", "cabca"]
    model = LSTMLanguageModel(
        hidden_layer_sizes=5, embedding_size=3, max_iter=2, mark_ends=mark_ends,
        dtype="float64", random_state=0, tie_embedding=False,
    ).fit(texts)  # fmt: skip
    how = {"target": "c", "response_method": method}
    gradients = input_gradients(model, ["abb", "c"], **how)
    assert [len(rows) for rows in gradients] == [3 + mark_ends, 1 + mark_ends]
    code = model._task.table.encode(["c"])[0][0]

    def number():
        model._network.parameters_changed()
        return number_of(method, model.predict_proba(["abb", "c"])[1, 2])

    assert model.symbols_[2] == "c"
    assert_gradient_matches(
        gradients[1][-1], number, model._network.table[code], "the c"
    )
    with pytest.raises(ValueError, match="which symbol after step 0"):
        input_gradients(model, ["abb", "c"], step=0)


def test_of_a_tone_that_follows():
    X = [(np.random.RandomState(i).uniform(size=(6, 3)) > 0.5) * 1.0 for i in range(4)]
    model = LSTMLanguageModel(max_iter=1, dtype="float64", random_state=0).fit(X)
    found = input_gradients(model, X, target=2, response_method="predict_proba")
    assert found[0].shape == (6, 3)
    outputs = []
    for step in (1e-5, -1e-5):
        X[0][5, 1] += step
        rows = Sequences(X[0], [6])
        outputs.append(model._network.predict(pack_batch(rows))[-1, 2])
        X[0][5, 1] -= step
    slope = 0.25 / np.cosh(np.mean(outputs) / 2) ** 2
    expected = slope * (outputs[0] - outputs[1]) / 2e-5
    assert_allclose(found[0][5, 1], expected, rtol=1e-6)


def embedded(model, X):
    steps = model._read_steps(X)
    batch = pack_batch(steps)
    rows = np.empty((len(steps.values), model._network.config.n_features))
    rows[batch.row_source] = model._network.rows_read(batch)
    return rows


# Layouts, pipelines, companions ----


def test_gradients_have_the_layout_of_the_inputs():
    model, X = fitted_classifier(), make_sequences()
    expected = input_gradients(model, X, target="a")
    ragged = input_gradients(model, X.to_list(), target="a")
    assert ragged.dtype == object
    padded = np.full((4, 5, 2), np.nan)
    for i, rows in enumerate(X):
        padded[i, : len(rows)] = rows
        assert_array_equal(ragged[i], expected[i])
    found = input_gradients(model, padded, target="a")
    assert_array_equal(np.isnan(found), np.isnan(padded))
    assert_array_equal(found[~np.isnan(found)], expected.values.ravel())
    norms = input_gradients(model, padded, target="a", reduce="norm")
    assert_allclose(norms[1], np.linalg.norm(expected[1], axis=1))
    one = make_sequences((6, 6), 1)
    table = one.values.reshape(2, 6)
    univariate = LSTMRegressor(max_iter=1).fit(table, [0.0, 1.0])
    assert input_gradients(univariate, table).shape == (2, 6)


def test_gradients_do_not_depend_on_companions_or_threads():
    X = make_sequences((5, 3, 9, 1, 12, 7))
    for model in (fitted_classifier(dtype="float32"), fitted_tagger(output="crf"),
                  fitted_transcriber(dtype="float32"), fitted_regressor()):  # fmt: skip
        together = input_gradients(model, X)
        for i in range(len(X)):
            assert_array_equal(input_gradients(model, X[[i]]).values, together[i])
        model.set_params(n_jobs=2)
        assert_array_equal(input_gradients(model, X).values, together.values)


def test_of_a_pipeline_the_inputs_of_its_last_step_are_explained():
    X = make_sequences((4, 5, 3, 6) * 5)
    y = np.arange(len(X)) % 2
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), LSTMClassifier(max_iter=1)
    ).fit(X, y)
    scaled = pipeline[:-1].transform(X)
    expected = input_gradients(pipeline[-1], scaled)
    assert_array_equal(input_gradients(pipeline, X).values, expected.values)
    search = GridSearchCV(pipeline, {"lstmclassifier__alpha": [0.1]}, cv=2).fit(X, y)
    assert input_gradients(search, X).values.shape == X.values.shape


# Errors ----


def test_what_has_no_gradient_says_so():
    logistic = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(TypeError, match="expected an estimator of sklstm"):
        input_gradients(logistic, make_sequences())
    with pytest.raises(ValueError, match="not fitted"):
        input_gradients(LSTMForecaster(), make_sequences())
    translator = LSTMSeq2Seq(max_iter=1).fit(["ab", "ba"], ["x", "y"])
    with pytest.raises(ValueError, match="attention"):
        input_gradients(translator, ["ab"])


@pytest.mark.parametrize(
    "make, arguments, message",
    [
        (fitted_classifier, {"target": "z"}, "target='z' is not among the classes"),
        (fitted_classifier, {"target": ["a", "b"]}, "2 entries: expected one, or one"),
        (fitted_classifier, {"response_method": "predict"}, "must be 'auto' or one of"),
        (fitted_classifier, {"step": 0}, "not one a step"),
        (fitted_classifier, {"reduce": "mean"}, "reduce must be"),
        (fitted_multilabel, {}, "target is missing: there are 3 labels"),
        (fitted_multilabel, {"target": 3}, "numbered from 0 to 2"),
        (fitted_multilabel, {"target": True}, "no number of a label"),
        (fitted_regressor, {"response_method": "predict_proba"}, "its only one"),
        (fitted_regressor, {"target": 1}, "there are 1 outputs"),
        (fitted_transformer, {}, "there are 4 features, choose"),
        (fitted_transformer, {"target": 0, "step": 1}, "output='sequence'"),
        (fitted_tagger, {"step": 2}, "sequence 2 has 2 steps"),
        (fitted_tagger, {"step": -3}, "sequence 2 has 2 steps"),
        (fitted_transcriber, {"step": 1}, "whole transcript"),
        (fitted_transcriber, {"target": ["q"] * 4}, "q"),
    ],
)
def test_arguments_that_do_not_suit_are_errors(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        input_gradients(make(), make_sequences(), **arguments)
