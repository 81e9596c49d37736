"""Every architecture as an ONNX graph: onnxruntime computes what our kernels do."""

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem
from estimators.test_architectures import ARCHITECTURES
from interchange.onnx_runs import (
    assert_close,
    assert_steps_close,
    companies,
    exported,
    onnx,
    run,
)
from network.network_problems import make_network, make_sequences, outputs_by_sample
from network.test_network_variants import VARIANTS
from numpy.testing import assert_array_equal

from sklstm.interchange import from_onnx_weights, pad, to_onnx
from sklstm.interchange.onnx.export import add_features
from sklstm.interchange.onnx.graph import GraphBuilder, Tensor
from sklstm.interchange.onnx.steps import Steps
from sklstm.network import cells
from sklstm.sequences.packing import pack_batch

POOLINGS = ["last", "mean", "max", None]
CELLS = [*cells.CELLS]

# What only loops can compute, and with every cell.
LOOPS = {
    f"zoneout of {cell}": {"cell": cell, "zoneout": 0.3, "bidirectional": True}
    for cell in CELLS
} | {
    "projection from a learned start": {
        "cell": "lstm_coupled_peephole",
        "projection_sizes": (3,),
        "learned_start": True,
        "bidirectional": True,
    },
}
PLAIN = {f"plain {cell}": {"cell": cell, "sizes": (5, 4)} for cell in CELLS}
ALL = VARIANTS | LOOPS | PLAIN


def graph_of(network, pooling, *, ragged, opset=21):
    """The outputs of a network as a model."""
    graph, width = GraphBuilder(opset), network.config.n_features
    inputs = [Tensor("X", np.float32, ("n_samples", "n_timesteps", width))]
    if ragged:
        inputs.append(Tensor("lengths", np.int64, ("n_samples",)))
    rows = graph.transposed("X", 1, 0, 2)
    steps = Steps(graph, rows, "lengths" if ragged else None)
    features, _ = add_features(graph, network, rows, steps, pooling)
    outputs = graph.affine(features, network.head["weight"], network.head["bias"])
    shape = ("n_timesteps", "n_samples", 2) if pooling is None else ("n_samples", 2)
    outputs = [Tensor("outputs", np.float32, shape, outputs)]
    return graph.model("network", inputs, outputs, metadata={})


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("variant", ALL.values(), ids=ALL)
def test_every_network_equals_its_graph(variant, pooling):
    network = make_network(**variant, pooling=pooling, dtype=np.float32)
    model = graph_of(network, pooling, ragged=True)
    for lengths in [(9, 4, 7, 7, 1, 2, 9), (5,), (1, 1), (1,)]:
        sequences = make_sequences(lengths, dtype=np.float32)
        batch = pack_batch(sequences)
        expected = outputs_by_sample(network, network.predict(batch), batch)
        array, lengths = pad(list(sequences))
        found = run(model, {"X": array, "lengths": lengths})["outputs"]
        if pooling is None:
            assert_steps_close(found.swapaxes(0, 1), expected)
        else:
            assert_close(found, np.array(expected).reshape(found.shape))


@pytest.mark.parametrize("variant", ALL.values(), ids=ALL)
def test_sequences_of_one_length_need_no_lengths(variant):
    network = make_network(**variant, pooling="last", dtype=np.float32)
    model = graph_of(network, "last", ragged=False)
    for lengths in [(6, 6, 6), (1,)]:
        sequences = make_sequences(lengths, dtype=np.float32)
        batch = pack_batch(sequences)
        expected = np.array(outputs_by_sample(network, network.predict(batch), batch))
        found = run(model, {"X": np.stack(list(sequences))})["outputs"]
        assert_close(found, expected.reshape(found.shape))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("fill", [100, np.nan])
@pytest.mark.parametrize(
    "variant", ["everything", "deep bidirectional", "bidirectional gru", "zoneout"]
)
def test_what_stands_behind_the_ends_changes_nothing(variant, fill, pooling):
    network = make_network(**VARIANTS[variant], pooling=pooling, dtype=np.float32)
    model = graph_of(network, pooling, ragged=True)
    array, lengths = pad(list(make_sequences((6, 2, 4), dtype=np.float32)))
    plain = run(model, {"X": array, "lengths": lengths})["outputs"]
    for sample, length in enumerate(lengths):
        array[sample, length:] = fill
    longer = np.concatenate([array, np.full((3, 4, array.shape[2]), fill)], axis=1)
    feeds = {"X": longer.astype(np.float32), "lengths": lengths}
    found = run(model, feeds)["outputs"]
    if pooling is None:
        for sample, length in enumerate(lengths):
            assert_array_equal(found[:length, sample], plain[:length, sample])
    else:
        assert_array_equal(found, plain)


def test_only_zoneout_and_projected_starts_are_loops():
    for name, variant in ALL.items():
        network = make_network(**variant, dtype=np.float32)
        model = graph_of(network, "last", ragged=True)
        kinds = {node.op_type for node in model.graph.node}
        config = network.config
        needs_loop = config.zoneout or (
            config.projection_sizes and config.learned_start
        )
        assert ("Scan" in kinds) == bool(needs_loop), name
        assert bool({"LSTM", "GRU", "RNN"} & kinds) != bool(needs_loop), name


@pytest.mark.parametrize("opset", [18, 19, 20, 21])
def test_older_operators_compute_the_same(opset):
    for name in ("everything", "bidirectional gru", "zoneout"):
        for pooling in POOLINGS:
            network = make_network(**VARIANTS[name], pooling=pooling, dtype=np.float32)
            model = graph_of(network, pooling, ragged=True, opset=opset)
            assert model.opset_import[0].version == opset
            array, lengths = pad(list(make_sequences((6, 2, 4), dtype=np.float32)))
            feeds = {"X": array, "lengths": lengths}
            newest = graph_of(network, pooling, ragged=True)
            assert_close(run(model, feeds)["outputs"], run(newest, feeds)["outputs"])


@pytest.mark.parametrize("parameters", ARCHITECTURES, ids=str)
def test_every_architecture_of_a_classifier_equals_its_graph(parameters):
    X, labels, _ = make_problem()
    classifier = make_estimator("classifier", **parameters).fit(X, labels)
    for some in companies(X):
        found = exported(classifier, some)
        assert_close(found["probabilities"], classifier.predict_proba(some))
        assert_array_equal(found["label"], classifier.predict(some))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", [cell for cell in CELLS if "coupled" not in cell])
def test_weights_can_be_read_from_a_graph(cell, bidirectional):
    network = make_network(
        cell, sizes=(5, 4), bidirectional=bidirectional, dtype=np.float32
    )
    weights = from_onnx_weights(graph_of(network, "max", ragged=True))
    assert weights.cell == cell
    for layer, expected in zip(weights.layers, network.layers, strict=True):
        for one, wanted in zip(layer, expected, strict=True):
            assert one.keys() == wanted.keys()
            for name, array in wanted.items():
                assert_array_equal(one[name], array)


def test_graphs_have_axes_of_any_size():
    X, labels, _ = make_problem()
    model = to_onnx(make_estimator("classifier").fit(X, labels))
    [x, lengths] = model.graph.input
    assert [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] == [
        "n_samples", "n_timesteps", 3,
    ]  # fmt: skip
    assert [d.dim_param for d in lengths.type.tensor_type.shape.dim] == ["n_samples"]
    elements = [one.type.tensor_type.elem_type for one in (x, lengths)]
    assert elements == [onnx.TensorProto.FLOAT, onnx.TensorProto.INT64]
