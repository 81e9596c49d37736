"""One step of one stream from Python: 8 inputs, 32 units, the last state under a head.

    python benchmarks/streaming.py

`step` checks its input; ONNX Runtime and PyTorch get arrays that are right already, and
hand back the outputs of the same head. Medians of turns, in turn.
"""

import statistics
import time

import numpy as np

from harness.machine import describe_machine
from harness.tables import markdown
from sklstm import LSTMClassifier, LSTMRegressor

N_FEATURES, HIDDEN_SIZE, N_CLASSES = 8, 32, 5
ROUNDS, CALLS = 31, 3000


def sklstm_steps():
    """Steps of our estimators."""
    X = np.random.RandomState(0).normal(size=(40, 20, N_FEATURES)).astype(np.float32)
    options = {"hidden_layer_sizes": HIDDEN_SIZE, "pooling": "last", "max_iter": 2}
    models = {
        "sklstm classifier": LSTMClassifier(**options).fit(X, np.arange(40) % 5),
        "sklstm classifier, two classes": LSTMClassifier(**options).fit(
            X, np.arange(40) % 2
        ),
        "sklstm regressor": LSTMRegressor(**options).fit(X, np.arange(40)),
    }
    x = X[0, 0].copy()
    steps = {}
    for name, model in models.items():
        state = model.initial_state()
        steps[name] = lambda model=model, state=state: model.step(x, state)
    return steps


def onnxruntime_step():
    """An LSTM operator and a linear head, the states as inputs and outputs."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.RandomState(0)
    weights = {
        "W": rng.normal(size=(1, 4 * HIDDEN_SIZE, N_FEATURES)),
        "R": rng.normal(size=(1, 4 * HIDDEN_SIZE, HIDDEN_SIZE)),
        "B": rng.normal(size=(1, 8 * HIDDEN_SIZE)),
        "head": rng.normal(size=(HIDDEN_SIZE, N_CLASSES)),
    }
    state = [1, 1, HIDDEN_SIZE]
    shapes = {"x": [1, 1, N_FEATURES], "h": state, "c": state}
    results = {"y": [1, 1, N_CLASSES], "h_new": state, "c_new": state}
    nodes = [
        helper.make_node(
            "LSTM",
            ["x", "W", "R", "B", "", "h", "c"],
            ["", "h_new", "c_new"],
            hidden_size=HIDDEN_SIZE,
        ),
        helper.make_node("MatMul", ["h_new", "head"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"]),
    ]

    def declare(values):
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in values.items()
        ]

    graph = helper.make_graph(
        nodes,
        "step",
        declare(shapes),
        declare(results),
        [
            numpy_helper.from_array(w.astype(np.float32), name)
            for name, w in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return lambda: session.run(None, feed)


def torch_step():
    """`nn.LSTMCell` and a linear head."""
    import torch

    torch.set_num_threads(1)
    cell = torch.nn.LSTMCell(N_FEATURES, HIDDEN_SIZE)
    head = torch.nn.Linear(HIDDEN_SIZE, N_CLASSES)
    x = torch.zeros(1, N_FEATURES)
    state = torch.zeros(1, HIDDEN_SIZE), torch.zeros(1, HIDDEN_SIZE)

    def step():
        with torch.inference_mode():
            hidden, cell_state = cell(x, state)
            return torch.softmax(head(hidden), dim=1), (hidden, cell_state)

    return step


def main():
    """Print the medians and how many times as long as our classifier each takes."""
    steps = sklstm_steps()
    for name, build in (("ONNX Runtime", onnxruntime_step), ("PyTorch", torch_step)):
        try:
            steps[name] = build()
        except ImportError as error:
            print(f"left out: {name} ({error.name} not installed)")
    times = {name: [] for name in steps}
    for i in range(ROUNDS):
        for name in list(steps)[:: 1 if i % 2 == 0 else -1]:
            step = steps[name]
            step()
            began = time.perf_counter()
            for _ in range(CALLS):
                step()
            times[name].append((time.perf_counter() - began) / CALLS)
    medians = {name: statistics.median(found) for name, found in times.items()}
    own = next(iter(medians.values()))
    machine = describe_machine()
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['system']}\n")
    rows = [
        [name, f"{1e6 * median:.2f}", f"{median / own:.2f}"]
        for name, median in medians.items()
    ]
    print(markdown(["one step", "microseconds", "ratio"], rows))


if __name__ == "__main__":
    main()
