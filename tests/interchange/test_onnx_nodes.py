"""Graphs of ONNX, whose nodes are read: ours, those of PyTorch, and by hand."""

import sys
import warnings

import numpy as np
import pytest
from interchange.weight_problems import assert_same_weights, random_weights

from sklstm import LSTMClassifier
from sklstm.interchange import (
    from_onnx_weights,
    from_torch,
    get_weights,
    set_weights,
    to_onnx,
    to_onnx_weights,
)

OPSET = 14


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"cell": "gru", "bidirectional": True, "hidden_layer_sizes": (5, 4)},
        {"cell": "rnn", "learn_initial_state": True},
        {"peephole": True, "learn_initial_state": True, "bidirectional": True},
    ],
    ids=str,
)
def test_the_graph_of_an_estimator_is_read_back(parameters):
    """Its initial states are repeated for each sequence of a batch."""
    pytest.importorskip("onnx")
    X, y = np.random.RandomState(0).normal(size=(30, 5, 3)), list("abc") * 10
    small = {"hidden_layer_sizes": 5, "max_iter": 5, "random_state": 0, **parameters}
    model = LSTMClassifier(**small).fit(X, y)
    copy = set_weights(
        LSTMClassifier(), from_onnx_weights(to_onnx(model)), classes=list("abc")
    )
    assert_same_weights(get_weights(copy), get_weights(model))


@pytest.mark.parametrize(
    "kind, options",
    [
        ("LSTM", {"num_layers": 2, "bidirectional": True}),
        ("GRU", {}),
        ("RNN", {"nonlinearity": "relu"}),
    ],
)
def test_graphs_that_torch_writes_are_read(kind, options, tmp_path):
    """Where initial states are zeros of a shape that is computed."""
    pytest.importorskip("onnx")
    torch = pytest.importorskip("torch")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = getattr(torch.nn, kind)(3, 5, batch_first=True, **options)
            self.head = torch.nn.Linear(5 * (1 + self.layers.bidirectional), 2)

        def forward(self, x):
            return self.head(self.layers(x)[0][:, -1])

    model = Model()
    with warnings.catch_warnings():  # about its own exporter
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (torch.zeros(2, 6, 3),), tmp_path / "model.onnx", dynamo=False,
            opset_version=OPSET, input_names=["x"],
            dynamic_axes={"x": {0: "batch", 1: "time"}},
        )  # fmt: skip
    activation = options.get("nonlinearity", "tanh")
    assert_same_weights(
        from_onnx_weights(tmp_path / "model.onnx"),
        from_torch(model.state_dict(), activation=activation),
    )


def test_a_product_and_a_sum_are_a_head():
    """As PyTorch's exporter writes a linear layer on three axes."""
    onnx = pytest.importorskip("onnx")
    make, element = onnx.helper, onnx.TensorProto
    [node, head] = to_onnx_weights(random_weights("lstm", dtype=np.float32))
    weight, bias = head["inputs"].values()
    arrays = node["inputs"] | {"kernel": weight.T, "c": bias}
    info = [
        make.make_tensor_value_info(name, element.FLOAT, None) for name in ("X", "out")
    ]
    graph = make.make_graph(
        [
            make.make_node("LSTM", ["X", "W", "R", "B"], ["Y"], **node["attributes"]),
            make.make_node("Squeeze", ["Y", "one"], ["rows"]),
            make.make_node("MatMul", ["rows", "kernel"], ["product"]),
            make.make_node("Add", ["c", "product"], ["out"]),
        ],
        "model",
        info[:1],
        info[1:],
        [
            *(
                onnx.numpy_helper.from_array(np.ascontiguousarray(a), name)
                for name, a in arrays.items()
            ),
            onnx.numpy_helper.from_array(np.array([1]), "one"),
        ],
    )
    assert_same_weights(
        from_onnx_weights(make.make_model(graph)), from_onnx_weights([node, head])
    )


@pytest.mark.parametrize(
    "nodes, message",
    [
        (
            [("Cast", ["x"], {"to": 1}), ("LSTM", ["X", "W", "R"], {"hidden_size": 2})],
            "W of LSTM 'node_1' is computed in the graph",
        ),
        (
            [
                ("Neg", ["R"], {}),
                ("RNN", ["X", "R", "R", "", "", "W"], {"hidden_size": 2}),
            ],
            "Neg 'node_0' has weights of shape",
        ),
        (
            [
                ("Neg", ["x"], {}),
                ("RNN", ["X", "R", "R", "", "", "W"], {"hidden_size": 2}),
            ],
            "initial_h of RNN 'node_1' is computed in the graph",
        ),
        ([("Conv", ["X", "R"], {})], "Conv 'node_0' has weights of shape"),
    ],
)
def test_a_graph_whose_weights_cannot_be_read_is_named(nodes, message):
    onnx = pytest.importorskip("onnx")
    make = onnx.helper
    outputs = ["W", "Y"]
    nodes = [
        make.make_node(name, inputs, [outputs[i]], name=f"node_{i}", **attributes)
        for i, (name, inputs, attributes) in enumerate(nodes)
    ]
    tensor = onnx.numpy_helper.from_array(np.ones((1, 8, 2), np.float32), "R")
    graph = make.make_graph(nodes, "model", [], [], [tensor])
    with pytest.raises(ValueError, match=message):
        from_onnx_weights(make.make_model(graph))


def test_without_onnx_a_graph_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklstm\[onnx\]'"):
        from_onnx_weights("model.onnx")
