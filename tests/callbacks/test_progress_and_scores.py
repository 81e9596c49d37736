"""ProgressBar and ScoringMonitor of scikit-learn, alone, in pipelines and searches."""

import numpy as np
import pytest
from callbacks.fits import (
    ARRAYS,
    FITS,
    LABELS,
    NUMBERS,
    WEIGHTS,
    BreakBefore,
    Broken,
    Quiet,
    fit,
    make,
)
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    SequenceTransformer,
    TimestepTransformer,
)
from sklstm.callbacks import Checkpoint, recorded_scores
from sklstm.metrics import token_accuracy_scorer
from sklstm.sequences import FrameStacker, SequenceScaler

X_3D = np.stack([x[:3] for x in ARRAYS])
EPOCHS = 3
SMALL = {"hidden_layer_sizes": 3, "max_iter": EPOCHS, "random_state": 0}


def rows_of(monitor, task="epoch"):
    return [row for row in monitor.get_logs().data if row["task_name"] == task]


# ---- alone ---------------------------------------------------------------------------


def test_scores_are_those_of_fits_that_end_there():
    monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    fit("classifier", monitor, learning_rate="constant")
    rows = rows_of(monitor)
    assert [row["task_id"] for row in rows] == list(range(5))
    for k, row in enumerate(rows, 1):
        stopped = fit("classifier", learning_rate="constant", max_iter=k)
        assert row["accuracy"] == stopped.score(ARRAYS, LABELS)
    assert len({row["neg_log_loss"] for row in rows}) == 5


def test_scores_of_the_whole_fit_are_those_of_the_fitted_estimator():
    monitor = ScoringMonitor(scoring="r2")
    fitted = fit("regressor with validation data", monitor)
    (row,) = rows_of(monitor, "fit")
    assert row["r2"] == pytest.approx(fitted.score(ARRAYS, NUMBERS))


def test_weights_reach_the_scorer():
    monitor = ScoringMonitor(scoring="accuracy")
    fitted = make("classifier", monitor).fit(ARRAYS, LABELS, WEIGHTS)
    (row,) = rows_of(monitor, "fit")
    assert row["accuracy"] == pytest.approx(fitted.score(ARRAYS, LABELS, WEIGHTS))


def test_scorers_of_sequences_serve_as_well():
    monitor = ScoringMonitor(scoring={"tokens": token_accuracy_scorer})
    fitted = fit("tagger of words", monitor)
    (row,) = rows_of(monitor, "fit")
    assert row["tokens"] == pytest.approx(fitted.score(*FITS["tagger of words"][2]))


@pytest.mark.parametrize("name", FITS)
def test_recorded_scores_are_those_of_the_curves(name):
    monitor = ScoringMonitor(scoring=recorded_scores)
    fitted = fit(name, monitor)
    rows = rows_of(monitor, "iteration" if "lbfgs" in name else "epoch")
    assert [row["loss"] for row in rows] == fitted.loss_curve_
    if fitted.validation_scores_ is None:
        assert "validation_score" not in rows[0]
    else:
        scores = [row["validation_score"] for row in rows]
        losses = [row["validation_loss"] for row in rows]
        assert scores == fitted.validation_scores_
        assert losses == fitted.validation_loss_curve_


# ---- in pipelines and searches -------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("layout", ["ragged", "3d", "pipeline"])
def test_a_search_records_every_candidate_split_and_epoch(layout, n_jobs, capsys):
    pytest.importorskip("rich")
    monitor = ScoringMonitor(scoring=["accuracy"])
    estimator = LSTMClassifier(**SMALL).set_callbacks(monitor)
    name = "alpha"
    if layout == "pipeline":
        estimator = make_pipeline(TimestepTransformer(StandardScaler()), estimator)
        name = "lstmclassifier__alpha"
    search = GridSearchCV(estimator, {name: [0.0, 1.0]}, cv=KFold(3), n_jobs=n_jobs)
    search.set_callbacks(ProgressBar(max_propagation_depth=None))
    search.fit(X_3D if layout == "3d" else ARRAYS, LABELS)
    rows = rows_of(monitor)
    n_candidates, n_splits = 2, 3
    assert len(rows) == (n_candidates * n_splits + 1) * EPOCHS  # and the refit
    groups = {row["parent_task_id_path"] for row in rows}
    assert len(groups) == n_candidates * n_splits + 1
    for group in groups:
        of_fit = [row for row in rows if row["parent_task_id_path"] == group]
        assert [row["task_id"] for row in of_fit] == list(range(EPOCHS))
        assert all(0 <= row["accuracy"] <= 1 for row in of_fit)
    shown = capsys.readouterr().out
    assert "GridSearchCV - search" in shown
    assert shown.count("LSTMClassifier - fit") >= n_candidates * n_splits + 1
    assert ("TimestepTransformer" in shown) == (layout == "pipeline")


def test_a_search_without_callbacks_of_its_own_finds_the_same():
    def search(*callbacks):
        estimator = LSTMClassifier(**SMALL).set_callbacks(*callbacks)
        return GridSearchCV(estimator, {"alpha": [0.0, 1.0]}, cv=2).fit(ARRAYS, LABELS)

    watched, alone = search(ScoringMonitor(scoring="accuracy"), Quiet()), search()
    for key in ("mean_test_score", "params"):
        assert list(watched.cv_results_[key]) == list(alone.cv_results_[key])


def test_a_search_of_a_forecaster_keeps_validation_scores():
    monitor = ScoringMonitor(scoring=recorded_scores)
    forecaster = LSTMForecaster(
        horizon=2, window=5, early_stopping=True, validation_fraction=0.3, **SMALL
    ).set_callbacks(monitor)
    grid = {"cell": ["lstm", "gru"]}
    search = GridSearchCV(forecaster, grid, cv=TimeSeriesSplit(2, test_size=10))
    search.fit(np.sin(np.arange(60.0)))
    rows = rows_of(monitor)
    assert len(rows) == (2 * 2 + 1) * EPOCHS
    assert all("validation_score" in row for row in rows)


def test_a_pipeline_shows_its_steps(capsys):
    """Also those that have no epochs, and one that is trained before the last."""
    pytest.importorskip("rich")
    pipeline = make_pipeline(
        SequenceScaler(),
        FrameStacker(n_frames=2),
        TimestepTransformer(StandardScaler()),
        SequenceTransformer(**SMALL),
        StandardScaler(),
    )
    pipeline.set_callbacks(ProgressBar())
    pipeline.fit([np.tile(x, (2, 1)) for x in ARRAYS])
    shown = capsys.readouterr().out
    for step in pipeline:
        assert f"{type(step).__name__} - fit" in shown


def test_a_bar_is_full_when_training_stops_early(capsys):
    pytest.importorskip("rich")
    fit("classifier that stops early", ProgressBar())
    assert "100%" in capsys.readouterr().out.splitlines()[-1]


class CountEpochs(Quiet):
    n_ended = 0

    def on_fit_task_end(self, estimator, context):
        self.n_ended += context.task_name == "epoch"


def test_epochs_of_an_earlier_process_count_but_have_no_scores(tmp_path):
    path = tmp_path / "fit.npz"
    with pytest.raises(Broken):
        fit("classifier", BreakBefore(3), Checkpoint(path))
    count, monitor = CountEpochs(), ScoringMonitor(scoring="accuracy")
    fit("classifier", count, monitor, Checkpoint(path))
    assert count.n_ended == 5
    assert [row["task_id"] for row in rows_of(monitor)] == [3, 4]
