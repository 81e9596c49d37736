"""PyTorch: `nn.LSTM` and `nn.GRU` on the CPU, time-major, and a plain training loop.

Steps are measured without a head: the sum of the last hidden states is differentiated.
(Ours computes a head of one output besides.)
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from harness.cases import N_CLASSES, N_EPOCHS
from peers import Contestant

MODULES = {"lstm": nn.LSTM, "gru": nn.GRU}


def describe():
    return {"torch": torch.__version__}


def build(case, n_threads):
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    builders = {
        "inference": build_inference,
        "training": build_training,
        "ragged": build_ragged,
        "memory": build_training,
        "fit": build_fit,
        "predict": build_predict,
    }
    return builders[case.section](case)


def build_layers(case):
    """The layers and the inputs, time first: no transposition on either side."""
    layers = MODULES[case.cell](case.n_features, case.hidden_size, case.n_layers)
    inputs = torch.from_numpy(case.inputs()).transpose(0, 1).contiguous()
    return layers, inputs


def build_inference(case):
    layers, inputs = build_layers(case)

    def infer():
        with torch.inference_mode():
            layers(inputs)

    return {"torch": Contestant(infer)}


def build_training(case):
    layers, inputs = build_layers(case)

    def step():
        layers.zero_grad(set_to_none=True)
        hidden, _ = layers(inputs)
        hidden[-1].sum().backward()

    return {"torch": Contestant(step)}


def build_ragged(case):
    """Both ways to feed sequences of different lengths, prepared before the clock."""
    layers, inputs = build_layers(case)
    lengths = torch.from_numpy(case.lengths)
    packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    columns = torch.arange(case.n_samples)

    def packed_step():
        layers.zero_grad(set_to_none=True)
        _, state = layers(packed)
        last = state[0] if case.cell == "lstm" else state
        last[-1].sum().backward()

    def padded_step():
        layers.zero_grad(set_to_none=True)
        hidden, _ = layers(inputs)
        hidden[lengths - 1, columns].sum().backward()

    return {
        "torch packed": Contestant(packed_step),
        "torch padded": Contestant(padded_step),
    }


class Classifier(nn.Module):
    """Recurrent layers and a linear head on the last hidden state."""

    def __init__(self, cell, n_features, hidden_size):
        super().__init__()
        self.layers = MODULES[cell](n_features, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, N_CLASSES)

    def forward(self, inputs):
        hidden, _ = self.layers(inputs)
        return self.head(hidden[:, -1])


def train_by_hand(model, inputs, labels, batch_size):
    """The loop that everybody writes."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_function = nn.CrossEntropyLoss()
    for _ in range(N_EPOCHS):
        order = torch.randperm(len(inputs))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = loss_function(model(inputs[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()


def build_fit(case):
    X, y = case.labelled_inputs()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    models = []

    def fit():
        models[:] = [Classifier(case.cell, case.n_features, case.hidden_size)]
        train_by_hand(models[0], inputs, labels, case.batch_size)

    def accuracy():
        with torch.inference_mode():
            predicted = models[0](inputs).argmax(dim=1)
        return (predicted == labels).float().mean().item()

    return {"torch loop": Contestant(fit, accuracy)}


def build_predict(case):
    model = Classifier(case.cell, case.n_features, case.hidden_size).eval()
    one = case.inputs()[:1]

    def predict():
        with torch.inference_mode():
            return model(torch.from_numpy(one)).argmax(dim=1).numpy()

    return {"torch": Contestant(predict)}
