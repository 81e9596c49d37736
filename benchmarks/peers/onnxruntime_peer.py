"""ONNX Runtime: the LSTM and GRU operators, inference only."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from harness.cases import N_CLASSES, N_GATES
from peers import Contestant


def describe():
    return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}


def build(case, n_threads):
    n_outputs = N_CLASSES if case.section == "predict" else None
    session = start_session(build_model(case, n_outputs), n_threads)
    inputs = case.inputs()
    if case.section == "predict":
        one = inputs[:1]

        def predict():
            feed = {"inputs": one.transpose(1, 0, 2)}
            return session.run(["outputs"], feed)[0].argmax(axis=1)

        return {"onnxruntime": Contestant(predict)}
    feed = {"inputs": np.ascontiguousarray(inputs.transpose(1, 0, 2))}
    return {"onnxruntime": Contestant(lambda: session.run(["outputs"], feed))}


def start_session(model, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def build_model(case, n_outputs=None):
    """Stacked layers that return the last hidden state, or a linear head's outputs."""
    nodes, weights = [], []
    options = {"linear_before_reset": 1} if case.cell == "gru" else {}
    source = "inputs"
    for layer in range(case.n_layers):
        n_in = case.n_features if layer == 0 else case.hidden_size
        weights += layer_weights(case, layer, n_in)
        names = [f"{name}{layer}" for name in ("weight_ih", "weight_hh", "bias")]
        is_top = layer + 1 == case.n_layers
        outputs = ["", "last"] if is_top else [f"hidden{layer}"]
        nodes.append(
            helper.make_node(
                case.cell.upper(),
                [source, *names],
                outputs,
                hidden_size=case.hidden_size,
                **options,
            )
        )
        if not is_top:  # (steps, directions, samples, units), without the second axis
            source = f"rows{layer}"
            axis = f"one{layer}"
            weights.append(numpy_helper.from_array(np.array([1]), axis))
            nodes.append(helper.make_node("Squeeze", [outputs[0], axis], [source]))
    weights.append(numpy_helper.from_array(np.array([0]), "zero"))
    state = "outputs" if n_outputs is None else "state"
    nodes.append(helper.make_node("Squeeze", ["last", "zero"], [state]))
    if n_outputs is not None:
        head = random_weights((case.hidden_size, n_outputs), 99)
        weights.append(numpy_helper.from_array(head, "head"))
        nodes.append(helper.make_node("MatMul", ["state", "head"], ["outputs"]))
    return wrap_graph(case, nodes, weights)


def wrap_graph(case, nodes, weights):
    shape = ["n_timesteps", "n_samples", case.n_features]
    graph = helper.make_graph(
        nodes,
        "recurrent",
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def layer_weights(case, layer, n_in):
    n_rows = N_GATES[case.cell] * case.hidden_size
    arrays = {
        "weight_ih": random_weights((1, n_rows, n_in), layer),
        "weight_hh": random_weights((1, n_rows, case.hidden_size), layer),
        "bias": np.zeros((1, 2 * n_rows), dtype=np.float32),
    }
    return [
        numpy_helper.from_array(array, f"{name}{layer}")
        for name, array in arrays.items()
    ]


def random_weights(shape, seed):
    rng = np.random.default_rng(seed)
    return 0.1 * rng.standard_normal(shape, dtype=np.float32)
