"""From a long data frame with labels to X, y and groups, and back."""

import datetime
import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMTagger, TimestepTransformer
from sklstm.sequences import Sequences, from_labelled_frame, to_long_frame

# Out of order, with a label that is written once only.
WALKS = {
    "walk": ["w2", "w1", "w2", "w1", "w2"],
    "time": [0.1, 0.1, 0.0, 0.0, 0.2],
    "person": ["bob", "ann", "bob", "ann", "bob"],
    "left": [0.7, 0.2, 0.9, 0.1, 0.8],
    "right": [9, 1, 8, 3, 6],
    "gait": ["fast", None, "fast", "slow", None],
    "speed": [2.0, 1.0, 2.0, 1.0, 2.0],
    "foot": ["l", "r", "r", "l", "r"],
}
COLUMNS = {"id": "walk", "time": "time", "columns": ["left", "right"]}


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


def test_a_label_a_sequence(library):
    frame = library.DataFrame(WALKS)
    data = from_labelled_frame(frame, **COLUMNS, target="gait", group="person")
    X, y, groups, ids, times = data
    assert X.feature_names.tolist() == ["left", "right"]
    assert_array_equal(X[0], [[0.1, 3], [0.2, 1]])
    assert_array_equal(X[1], [[0.9, 8], [0.7, 9], [0.8, 6]])
    assert y.tolist() == ["slow", "fast"]
    assert groups.tolist() == ["ann", "bob"]
    assert ids.tolist() == ["w1", "w2"]
    assert [one.tolist() for one in times] == [[0.0, 0.1], [0.0, 0.1, 0.2]]


def test_features_are_the_columns_that_are_nothing_else(library):
    numeric = {k: v for k, v in WALKS.items() if k not in ("gait", "foot")}
    data = from_labelled_frame(
        library.DataFrame(numeric),
        id="walk",
        time="time",
        target="speed",
        group="person",
    )
    assert data.X.feature_names.tolist() == ["left", "right"]
    assert_array_equal(data.y, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"not: 'person' \("):
        from_labelled_frame(
            library.DataFrame(numeric), id="walk", time="time", target="speed"
        )


@pytest.mark.parametrize("label", [3, 2**60 + 1])
def test_labels_that_are_whole_numbers_stay_so_beside_empty_rows(library, label):
    rows = {"walk": [1, 1, 2], "time": [0, 1, 0], "left": [0.1, 0.2, 0.3]}
    codes = [label, None, label + 1]
    dtype = "Int64" if library.__name__ == "pandas" else library.Int64
    frame = library.DataFrame(rows | {"code": library.Series(codes, dtype=dtype)})
    y = from_labelled_frame(frame, id="walk", time="time", target="code").y
    assert y.dtype.kind == "i"
    assert y.tolist() == [label, label + 1]


def test_several_targets_are_columns_of_y(library):
    frame = library.DataFrame({**WALKS, "height": [8, 9, 8, 9, 8]})
    data = from_labelled_frame(frame, **COLUMNS, target=["speed", "height"])
    assert_array_equal(data.y, [[1.0, 9.0], [2.0, 8.0]])
    assert data.groups is None


def test_a_label_a_step(library):
    data = from_labelled_frame(
        library.DataFrame(WALKS), **COLUMNS, target="foot", per_step=True
    )
    assert data.y.dtype == object
    assert [tags.tolist() for tags in data.y] == [["l", "r"], ["r", "l", "r"]]
    tagger = LSTMTagger(hidden_layer_sizes=2, max_iter=2, random_state=0)
    assert tagger.fit(data.X, data.y).classes_.tolist() == ["l", "r"]


def test_symbols_are_sequences_of_their_own(library):
    frame = library.DataFrame(
        {
            "sentence": [1, 1, 0, 0, 0],
            "position": [1, 0, 2, 0, 1],
            "word": ["Rome", "to", "Oslo", "from", "old"],
            "tag": ["B", "O", "I", "O", "B"],
        }
    )
    how = {"id": "sentence", "time": "position", "target": "tag", "per_step": True}
    X, y, *_ = from_labelled_frame(frame, **how, symbols="word")
    assert X.tolist() == [["from", "old", "Oslo"], ["to", "Rome"]]
    assert [tags.tolist() for tags in y] == [["O", "B", "I"], ["O", "B"]]
    tagger = LSTMTagger(hidden_layer_sizes=2, max_iter=2, random_state=0).fit(X, y)
    assert [len(tags) for tags in tagger.predict(X)] == [3, 2]
    with pytest.raises(ValueError, match="pass one of the two"):
        from_labelled_frame(frame, **how, symbols="word", columns=["word"])


def test_contradicting_labels_name_sequence_time_and_values(library):
    frame = library.DataFrame(WALKS)
    with pytest.raises(ValueError, match="Sequence 'w1' has 'l' in column 'foot'") as e:
        from_labelled_frame(frame, **COLUMNS, target="foot")
    assert "at time 0.1 it has 'r'" in str(e.value)
    assert "per_step=True" in str(e.value)
    with pytest.raises(ValueError, match="Sequence 'w1' has 'l' in column 'foot'"):
        from_labelled_frame(frame, **COLUMNS, target="speed", group="foot")


@pytest.mark.parametrize("nothing", [None, np.nan])
def test_a_sequence_without_a_label_is_named(library, nothing):
    speeds = [2.0, nothing, 2.0, nothing, nothing]
    frame = library.DataFrame({**WALKS, "speed": speeds})
    with pytest.raises(ValueError, match=r"'w1' has no value in column 'speed' \(1 su"):
        from_labelled_frame(frame, **COLUMNS, target="speed")


def test_a_step_without_a_label_is_named(library):
    with pytest.raises(
        ValueError, match=r"'gait' has no value at time 0\.1 of sequence"
    ):
        from_labelled_frame(
            library.DataFrame(WALKS), **COLUMNS, target="gait", per_step=True
        )
    with pytest.raises(ValueError, match="one target column"):
        from_labelled_frame(
            library.DataFrame(WALKS), **COLUMNS, target=["foot", "gait"], per_step=True
        )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"target": "jump"}, "There is no column 'jump'"),
        ({"group": "dog"}, "There is no column 'dog'"),
        ({"columns": ["left", "up"]}, "There is no column 'up'"),
        ({"columns": ["foot"]}, "not: 'foot'"),
        ({"columns": []}, "no feature columns"),
        ({"step": 0.2}, "step=0.2 was promised"),
        ({"time": "walk"}, "id and time are both 'walk'"),
        ({"target": []}, "no column to learn"),
    ],
)
def test_columns_and_times_that_will_not_do(library, changes, message):
    how = {**COLUMNS, "target": "gait", **changes}
    with pytest.raises(ValueError, match=message):
        from_labelled_frame(library.DataFrame(WALKS), **how)


def test_missing_numbers_and_booleans_become_nan(library):
    frame = library.DataFrame(
        {
            "id": ["a", "a", "b"],
            "time": [1, 2, 1],
            "on": [True, None, False],
            "x": [1.0, None, 3.0],
            "y": [1, 1, 0],
        }
    )
    if library.__name__ == "pandas":
        frame = frame.convert_dtypes()
    X, y, *_ = from_labelled_frame(frame, id="id", time="time", target="y")
    assert_array_equal(X.values, [[1, 1], [np.nan, np.nan], [0, 3]])
    assert_array_equal(y, [1, 0])


def test_a_csv_file_goes_into_cross_validation():
    pandas = pytest.importorskip("pandas")
    rng = np.random.RandomState(0)
    lines = ["recording,t,subject,x,y,label"]
    for recording in range(24):
        label = ("up", "down")[recording % 2]
        slope = 1 if label == "up" else -1
        for t in rng.permutation(rng.randint(5, 9)):
            x = slope * t + rng.normal(scale=0.3)
            lines.append(
                f"{recording},{t},s{recording // 4},{x:.3f},{x / 2:.3f},{label}"
            )
    file = io.StringIO("\n".join(lines))
    X, y, groups, *_ = from_labelled_frame(
        pandas.read_csv(file), id="recording", time="t", target="label", group="subject"
    )
    model = make_pipeline(
        TimestepTransformer(StandardScaler()),
        LSTMClassifier(hidden_layer_sizes=8, max_iter=60, random_state=0),
    )
    scores = cross_val_score(model, X, y, groups=groups, cv=GroupKFold(3))
    assert scores.min() > 0.9
    assert model.fit(X, y)[-1].feature_names_in_.tolist() == ["x", "y"]


# ---- and back ----------------------------------------------------------------------


def columns_of(frame, name):
    return frame[name].to_list()


def test_back_in_a_long_frame_the_rows_are_those_that_came(library):
    data = from_labelled_frame(
        library.DataFrame(WALKS), **COLUMNS, target="gait", group="person"
    )
    frame = to_long_frame(
        data.X,
        ids=data.ids,
        times=data.times,
        id="walk",
        per_sequence={"gait": data.y, "person": data.groups},
        per_step={"foot": [["l", "r"], ["r", "l", "r"]]},
        backend=library.__name__,
    )
    assert isinstance(frame, library.DataFrame)
    order = np.lexsort([WALKS["time"], WALKS["walk"]])
    for name in ("walk", "time", "person", "left", "right", "foot"):
        assert columns_of(frame, name) == [WALKS[name][i] for i in order]
    assert columns_of(frame, "gait") == ["slow"] * 2 + ["fast"] * 3
    again = from_labelled_frame(frame, **COLUMNS, target="gait", group="person")
    assert_array_equal(again.X.values, data.X.values)
    assert_array_equal(again.X.lengths, data.X.lengths)
    assert_array_equal(again.y, data.y)


def test_dates_go_there_and_back(library):
    days = [datetime.datetime(2024, 2, day) for day in (28, 29)]
    frame = library.DataFrame(
        {"id": [7, 7, 8], "day": [*days, days[0]], "x": [1.0, 2.0, 3.0], "y": [1, 1, 0]}
    )
    data = from_labelled_frame(
        frame, id="id", time="day", target="y", step=datetime.timedelta(days=1)
    )
    again = to_long_frame(
        data.X, ids=data.ids, times=data.times, time="day", backend=library.__name__
    )
    assert columns_of(again, "day") == columns_of(frame, "day")
    assert columns_of(again, "id") == [7, 7, 8]


@pytest.mark.parametrize("form", ["array", "list", "padded"])
def test_any_layout_becomes_a_long_frame(form):
    pytest.importorskip("pandas")
    X = np.arange(12.0).reshape(2, 3, 2)
    rows = X.reshape(6, 2)
    if form == "list":
        X = [X[0], X[1][:2]]
    elif form == "padded":
        X[1, 2] = np.nan
    frame = to_long_frame(X)
    assert frame.columns.tolist() == ["id", "time", "x0", "x1"]
    n_rows = 6 if form == "array" else 5
    assert_array_equal(frame[["x0", "x1"]], rows[:n_rows])
    assert frame["id"].tolist() == [0, 0, 0, 1, 1, 1][:n_rows]
    assert frame["time"].tolist() == [0, 1, 2, 0, 1, 2][:n_rows]


@pytest.mark.parametrize(
    "what, message",
    [
        ({"ids": ["a"]}, "1 values for column 'id', but 2 sequences"),
        ({"times": [[0, 1]]}, "1 sequences of values for column 'time'"),
        (
            {"times": [[0, 1], [0, 1]]},
            "'time' has 2 values for sequence 1, which has 1",
        ),
        ({"per_sequence": {"y": [1, 2, 3]}}, "3 values for column 'y'"),
        ({"per_step": {"tag": ["abc", "c"]}}, "'tag' has 3 values for sequ"),
        ({"per_sequence": {"x0": [1, 2]}}, "Two columns would be named 'x0'"),
        ({"id": "time"}, "Two columns would be named 'time'"),
    ],
)
def test_lengths_and_names_that_do_not_fit(what, message):
    pytest.importorskip("pandas")
    X = Sequences(np.zeros((3, 1)), [2, 1])
    with pytest.raises(ValueError, match=message):
        to_long_frame(X, **what)


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_row_numbers_of_a_file_with_its_index_are_warned_of(library, name):
    columns = {name: [0, 1], "id": [1, 1], "time": [0, 1], "x": [0.5, 0.7]}
    frame = library.DataFrame({**columns, "y": ["a", "a"]})
    where = {"id": "id", "time": "time", "target": "y"}
    with pytest.warns(UserWarning, match=r"no name of its own.*columns=\["):
        X = from_labelled_frame(frame, **where).X
    assert X.n_features == 2
    assert from_labelled_frame(frame, **where, columns=["x"]).X.n_features == 1
