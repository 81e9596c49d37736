"""skorch: PyTorch layers behind scikit-learn's interface, whole fits."""

import skorch
import torch

from harness.cases import N_EPOCHS
from peers import Contestant
from peers.torch_peer import Classifier


def describe():
    return {"skorch": skorch.__version__}


def build(case, n_threads):
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    X, y = case.labelled_inputs()
    net = skorch.NeuralNetClassifier(
        Classifier,
        module__cell=case.cell,
        module__n_features=case.n_features,
        module__hidden_size=case.hidden_size,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=N_EPOCHS,
        batch_size=case.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    if case.section == "predict":
        net.fit(X, y)
        one = X[:1]
        return {"skorch": Contestant(lambda: net.predict(one))}
    return {
        "skorch": Contestant(
            lambda: net.fit(X, y), lambda: (net.predict(X) == y).mean()
        )
    }
