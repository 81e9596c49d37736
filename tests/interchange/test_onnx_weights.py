"""Tensors of ONNX nodes: gates by hand, and values compared with onnxruntime."""

import numpy as np
import pytest
from interchange.weight_problems import (
    LENGTHS,
    N_FEATURES,
    assert_close,
    assert_same_weights,
    our_predictions,
    padded,
    random_weights,
    sequences,
)

from sklstm import LSTMRegressor
from sklstm.interchange import (
    RecurrentWeights,
    from_onnx_weights,
    from_torch,
    to_onnx_weights,
    to_torch,
)

OPSET, IR_VERSION = 14, 8

VARIANTS = [
    ("lstm", {"sizes": (5, 4)}),
    ("lstm", {"bidirectional": True, "learned_start": True}),
    ("lstm_peephole", {"sizes": (5, 4), "bidirectional": True}),
    ("lstm_coupled", {"bidirectional": True}),
    ("lstm_coupled_peephole", {"sizes": (5, 4)}),
    ("lstm", {"sizes": (5, 4), "projection_sizes": (3, 2), "bidirectional": True}),
    ("lstm_coupled_peephole", {"projection_sizes": (3,)}),
    ("gru", {"sizes": (5, 4), "bidirectional": True}),
    ("gru", {"learned_start": True}),
    ("gru_reset_after", {"sizes": (5, 4), "bidirectional": True}),
    ("rnn_tanh", {"sizes": (5, 4)}),
    ("rnn_relu", {"bidirectional": True}),
]


# Gates, signs and biases ----


def one_unit(n_gates, **others):
    """A layer of one unit, whose gates have the weights 1, 2, ... in our order."""
    gates = np.arange(1.0, n_gates + 1)
    return {
        "weight_ih": gates[:, np.newaxis],
        "weight_hh": 10 * gates[:, np.newaxis],
        "bias": 100 * gates,
    } | {name: np.array(array, dtype=float) for name, array in others.items()}


@pytest.mark.parametrize(
    "cell, layer, rows, biases",
    [
        # i, o, f, c
        ("lstm", one_unit(4), [1, 4, 2, 3], [100, 400, 200, 300, 0, 0, 0, 0]),
        # the forget gate is the input gate's opposite
        ("lstm_coupled", one_unit(3), [1, 3, -1, 2], [100, 300, -100, 200, *4 * [0]]),
        # z, r, h, the other sign of z
        ("gru", one_unit(3), [-2, 1, 3], [-200, 100, 300, 0, 0, 0]),
        (
            "gru_reset_after",
            one_unit(3, bias_hh=[7]),
            [-2, 1, 3],
            [-200, 100, 300, 0, 0, 7],
        ),
        ("rnn_tanh", one_unit(1), [1], [100, 0]),
    ],
)
def test_gates_go_where_onnx_has_them_as_computed_by_hand(cell, layer, rows, biases):
    [node] = to_onnx_weights(RecurrentWeights(cell, [[layer]]))
    rows = np.array(rows, dtype=float)[np.newaxis, :, np.newaxis]
    np.testing.assert_array_equal(node["inputs"]["W"], rows)
    np.testing.assert_array_equal(node["inputs"]["R"], 10 * rows)
    np.testing.assert_array_equal(node["inputs"]["B"], [biases])


@pytest.mark.parametrize(
    "cell, layer, expected",
    [
        ("lstm_peephole", one_unit(4, peephole=[[7], [8], [9]]), [7, 9, 8]),  # i, o, f
        ("lstm_coupled_peephole", one_unit(3, peephole=[[7], [9]]), [7, 9, -7]),
    ],
)
def test_peepholes_go_where_onnx_has_them_as_computed_by_hand(cell, layer, expected):
    [node] = to_onnx_weights(RecurrentWeights(cell, [[layer]]))
    np.testing.assert_array_equal(node["inputs"]["P"], [expected])


def test_gates_that_onnx_couples_are_read_as_coupled_by_hand():
    """Of i, o, f, c the third is not used, nor the third peephole of i, o, f."""
    inputs = {
        "W": np.array([[[1.0], [2.0], [3.0], [4.0]]]),
        "R": np.array([[[10.0], [20.0], [30.0], [40.0]]]),
        "B": np.array([[1.0, 2, 3, 4, 10, 20, 30, 40]]),
        "P": np.array([[7.0, 8.0, 9.0]]),
    }
    node = {"op_type": "LSTM", "inputs": inputs, "attributes": {"input_forget": 1}}
    weights = from_onnx_weights([node])
    assert weights.cell == "lstm_coupled_peephole"
    [[layer]] = weights.layers  # i, g, o
    np.testing.assert_array_equal(layer["weight_ih"], [[1], [4], [2]])
    np.testing.assert_array_equal(layer["weight_hh"], [[10], [40], [20]])
    np.testing.assert_array_equal(layer["bias"], [11, 44, 22])
    np.testing.assert_array_equal(layer["peephole"], [[7], [8]])


@pytest.mark.parametrize(
    "cell, choices",
    [v for v in VARIANTS if "coupled" not in v[0] and "projection_sizes" not in v[1]],
    ids=str,
)
def test_weights_come_back_to_the_last_bit(cell, choices):
    weights = random_weights(cell, n_symbols=6, **choices)
    assert_same_weights(from_onnx_weights(to_onnx_weights(weights)), weights)


# Against onnxruntime ----


def graph_of(nodes, onnx):
    """A model of these nodes one after the other, and a Gemm on the last states."""
    make, element = onnx.helper, onnx.TensorProto
    graph_nodes, tensors, read = [], [], "X"
    for i, node in enumerate(nodes):
        given = {}
        for name, array in node["inputs"].items():
            if name.startswith("initial_"):  # one for each sequence
                array = np.repeat(array, len(LENGTHS), axis=1)
            given[name] = f"{name}_{i}"
            array = np.ascontiguousarray(array, dtype=np.float32)
            tensors.append(onnx.numpy_helper.from_array(array, given[name]))
        if node["op_type"] == "Gemm":
            inputs = ["last", given["B"], given["C"]]
            output = ["outputs"]
        else:
            inputs = [read, given["W"], given["R"], given["B"], "lengths"]
            inputs += [given.get(name, "") for name in ("initial_h", "initial_c", "P")]
            inputs = inputs if node["op_type"] == "LSTM" else inputs[:6]
            output = [f"Y_{i}", f"Y_h_{i}"]
        graph_nodes.append(
            make.make_node(node["op_type"], inputs, output, **node["attributes"])
        )
        if node["op_type"] != "Gemm":
            graph_nodes += side_by_side(make, i)
            read, final = f"rows_{i}", f"final_{i}"
    index = next(k for k, n in enumerate(graph_nodes) if n.op_type == "Gemm")
    graph_nodes.insert(index, make.make_node("Identity", [final], ["last"]))
    for name, shape in (("all", [0, 0, -1]), ("flat", [0, -1])):
        tensors.append(onnx.numpy_helper.from_array(np.array(shape), name))
    x = make.make_tensor_value_info("X", element.FLOAT, [None, None, N_FEATURES])
    n = make.make_tensor_value_info("lengths", element.INT32, [None])
    y = make.make_tensor_value_info("outputs", element.FLOAT, [None, None])
    graph = make.make_graph(graph_nodes, "model", [x, n], [y], tensors)
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    return model


def side_by_side(make, i):
    """The directions of Y (time, direction, sample, unit) and of Y_h, concatenated."""
    return [
        make.make_node("Transpose", [f"Y_{i}"], [f"turned_{i}"], perm=[0, 2, 1, 3]),
        make.make_node("Reshape", [f"turned_{i}", "all"], [f"rows_{i}"]),
        make.make_node("Transpose", [f"Y_h_{i}"], [f"turned_h_{i}"], perm=[1, 0, 2]),
        make.make_node("Reshape", [f"turned_h_{i}", "flat"], [f"final_{i}"]),
    ]


def run(model, X):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    x = padded(X).transpose(1, 0, 2)
    lengths = np.array(list(map(len, X)), dtype=np.int32)
    return session.run(None, {"X": x, "lengths": lengths})[0]


@pytest.mark.parametrize("cell, choices", VARIANTS, ids=str)
def test_nodes_with_exported_weights_predict_what_we_do(cell, choices):
    onnx = pytest.importorskip("onnx")
    weights = random_weights(cell, dtype=np.float32, **choices)
    X = sequences(dtype=np.float32)
    model = graph_of(to_onnx_weights(weights), onnx)
    assert_close(run(model, X), our_predictions(weights, X))


@pytest.mark.parametrize("cell, choices", VARIANTS, ids=str)
def test_predictions_with_the_weights_of_a_graph_are_those_of_the_graph(
    cell, choices, tmp_path
):
    onnx = pytest.importorskip("onnx")
    weights = random_weights(cell, dtype=np.float32, **choices)
    X = sequences(dtype=np.float32)
    nodes = to_onnx_weights(weights)
    model = graph_of(nodes, onnx)
    onnx.save(model, tmp_path / "model.onnx")
    read = from_onnx_weights(tmp_path / "model.onnx")
    assert_same_weights(read, from_onnx_weights(model))
    assert_close(our_predictions(read, X), run(model, X))


def test_gates_that_a_graph_couples_predict_what_the_graph_does():
    onnx = pytest.importorskip("onnx")
    plain = random_weights("lstm_peephole", dtype=np.float32)
    nodes = to_onnx_weights(plain)
    nodes[0]["attributes"]["input_forget"] = 1
    weights, X = from_onnx_weights(nodes), sequences(dtype=np.float32)
    assert weights.parameters["coupled_gates"]
    assert_close(our_predictions(weights, X), run(graph_of(nodes, onnx), X))


def test_weights_go_from_one_library_to_another():
    weights = random_weights("gru_reset_after", sizes=(5, 5), bidirectional=True)
    nodes = to_onnx_weights(from_torch(to_torch(weights)))
    assert_same_weights(from_onnx_weights(nodes), weights)


# What ONNX or we do not have ----


def node_of(operator="LSTM", attributes=(), **inputs):
    n_gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[operator]
    arrays = {"W": np.ones((1, 2 * n_gates, 3)), "R": np.ones((1, 2 * n_gates, 2))}
    arrays = {k: a for k, a in (arrays | inputs).items() if a is not None}
    return {"op_type": operator, "inputs": arrays, "attributes": dict(attributes)}


GEMM = {"op_type": "Gemm", "inputs": {"B": np.ones((2, 4))}, "attributes": {}}


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([node_of(attributes={"direction": "reverse"})], "direction='reverse'"),
        ([node_of(attributes={"clip": 3.0})], "clip=3.0"),
        (
            [node_of(attributes={"activations": ["Sigmoid", "Relu", "Tanh"]})],
            "activations=.*Relu",
        ),
        (
            [node_of("GRU", {"activations": ["HardSigmoid", "Tanh"]})],
            "activations=.*HardSigmoid",
        ),
        ([node_of("RNN", {"activations": ["Elu"]})], "activations=.*Elu"),
        ([node_of(W=None)], "Node 0, a LSTM, has no W"),
        ([node_of(), node_of(W=np.ones((1, 7, 2)))], r"Node 1.* \(1, 7, 2\)"),
        ([node_of(B=np.ones((1, 8)))], r"B of shape \(1, 8\), expected \(1, 16\)"),
        ([node_of(P=np.ones((1, 8)))], r"P of shape \(1, 8\), expected \(1, 6\)"),
        (
            [node_of(initial_h=np.arange(4.0).reshape(1, 2, 2))],
            r"initial_h of shape \(1, 2, 2\), expected \(1, 1, 2\)",
        ),
        ([node_of(W=np.ones((1, 8, 3), np.int8))], "W of node 0.*int8"),
        ([node_of(attributes={"direction": "bidirectional"})], r"expected \(2, 8, 3"),
        ([node_of(), node_of("GRU", W=np.ones((1, 6, 2)))], "found .*lstm.*gru"),
        ([node_of(), node_of()], r"layers\[1\].*\(8, 3\), expected \(8, 2\)"),
        ([GEMM, node_of()], "Node 0 is a Gemm"),
        ([node_of(), GEMM, GEMM], "Node 2 is a Gemm"),
        ([], "found none"),
    ],
)
def test_nodes_that_compute_something_else_are_named(nodes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        from_onnx_weights(nodes)


def test_initial_states_of_zero_are_left_out():
    node = node_of(initial_h=np.zeros((1, 5, 2)), initial_c=np.zeros((1, 5, 2)))
    assert not from_onnx_weights([node]).has_initial_states
    node = node_of(initial_h=np.ones((1, 5, 2)), initial_c=np.zeros((1, 5, 2)))
    [[layer]] = from_onnx_weights([node]).layers
    np.testing.assert_array_equal(layer["hidden_0"], [1, 1])


def test_the_factors_of_a_gemm_are_multiplied_in():
    attributes = {"alpha": 2.0, "beta": 3.0, "transB": 0}
    gemm = {"op_type": "Gemm", "inputs": {"B": np.ones((2, 4)), "C": np.ones(4)}}
    weights = from_onnx_weights([node_of(), gemm | {"attributes": attributes}])
    np.testing.assert_array_equal(weights.head["weight"], np.full((4, 2), 2.0))
    np.testing.assert_array_equal(weights.head["bias"], np.full(4, 3.0))


def test_zoneout_is_an_error_that_says_so():
    X = np.random.default_rng(0).normal(size=(8, 4, N_FEATURES))
    regressor = LSTMRegressor(zoneout=0.1, max_iter=1).fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match=r"zoneout=0\.1"):
        to_onnx_weights(regressor)


def test_learned_states_of_a_projected_layer_are_an_error_that_says_so():
    weights = random_weights("lstm", projection_sizes=(3,), learned_start=True)
    with pytest.raises(ValueError, match="initial states are learned"):
        to_onnx_weights(weights)
