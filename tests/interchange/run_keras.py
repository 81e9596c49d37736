"""Runs Keras models on JAX, in a process of its own: `test_keras_weights.py` starts it.

    python run_keras.py FOLDER

``FOLDER/cases.pickle`` maps names to cases: the layers of a model, the weights it is to
have (or None for random ones), and what it reads. ``FOLDER/answers.pickle`` gets, for
each of them, its weights, its predictions, and what `from_keras` makes of the model.
"""

import pickle
import sys
from pathlib import Path

import keras
import numpy as np

from sklstm.interchange import from_keras


def make(name, arguments):
    """A layer; its first weights, which take long to draw, are zero."""
    arguments = dict(arguments)
    if name == "Bidirectional":
        arguments["layer"] = make(*arguments["layer"])
    elif "units" in arguments:
        arguments["kernel_initializer"] = "zeros"
        if name != "Dense":
            arguments["recurrent_initializer"] = "zeros"
    return getattr(keras.layers, name)(**arguments)


def run(case):
    shape = case["X"].shape[1:]
    layers = [make(*layer) for layer in case["layers"]]
    model = keras.Sequential([keras.Input(shape), *layers])
    weights = case["weights"]
    if weights is None:  # Keras starts biases at zero: too little to see
        rng = np.random.default_rng(0)
        weights = [rng.normal(scale=0.6, size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    return {
        "weights": model.get_weights(),
        "by_layer": [layer.get_weights() for layer in model.layers],
        "predictions": np.asarray(model(case["X"])),
        "of_model": from_keras(model),
    }


def main(folder):
    cases = pickle.loads((folder / "cases.pickle").read_bytes())
    answers = {name: run(case) for name, case in cases.items()}
    (folder / "answers.pickle").write_bytes(pickle.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
