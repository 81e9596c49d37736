"""Optimisers against their textbook formulas and against PyTorch."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.training import TrainingOptions
from sklstm.training.optimizers import (
    BLOCK_SIZE,
    SGD,
    Adam,
    AdamW,
    RMSprop,
    make_optimizer,
)

N_PARAMETERS = 23
RATE = 0.05

MAKERS = {
    "sgd_plain": lambda p, g, **state: SGD(p, g, momentum=0, **state),
    "sgd_momentum": lambda p, g, **state: SGD(
        p, g, momentum=0.8, nesterov=False, **state
    ),
    "sgd_nesterov": lambda p, g, **state: SGD(p, g, momentum=0.8, **state),
    "rmsprop": lambda p, g, **state: RMSprop(p, g, rho=0.7, epsilon=1e-3, **state),
    "adam": lambda p, g, **state: Adam(
        p, g, beta_1=0.8, beta_2=0.95, epsilon=1e-3, **state
    ),
    "adamw": lambda p, g, **state: AdamW(
        p,
        g,
        weight_decay=0.3,
        is_weight=np.arange(len(p)) % 3 > 0,
        beta_1=0.8,
        beta_2=0.95,
        epsilon=1e-3,
        **state,
    ),
}
each_optimizer = pytest.mark.parametrize("name", MAKERS)


def gradients(n_steps, n_parameters=N_PARAMETERS, seed=0):
    rng = np.random.RandomState(seed)
    sizes = rng.uniform(0.01, 2, size=n_parameters)  # every parameter its own size
    return rng.normal(size=(n_steps, n_parameters)) * sizes


def start(n_parameters=N_PARAMETERS, dtype=np.float64):
    return np.random.RandomState(7).normal(size=n_parameters).astype(dtype)


def trajectory(name, n_steps, *, n_parameters=N_PARAMETERS, dtype=np.float64):
    parameters, gradient = start(n_parameters, dtype), np.empty(n_parameters, dtype)
    optimizer = MAKERS[name](parameters, gradient)
    for step, values in enumerate(gradients(n_steps, n_parameters)):
        gradient[:] = values
        optimizer.step(RATE / (1 + step))  # a rate that changes
    return parameters, optimizer


def textbook(name, n_steps):
    """The formulas of the papers, one line each, with normalised moments."""
    parameters = start()
    velocity = first = second = np.zeros_like(parameters)
    for step, gradient in enumerate(gradients(n_steps)):
        rate = RATE / (1 + step)
        if name == "sgd_plain":
            parameters = parameters - rate * gradient
        elif name.startswith("sgd"):
            velocity = 0.8 * velocity + gradient
            ahead = gradient + 0.8 * velocity if name == "sgd_nesterov" else velocity
            parameters = parameters - rate * ahead
        elif name == "rmsprop":
            second = 0.7 * second + 0.3 * gradient**2
            parameters = parameters - rate * gradient / (np.sqrt(second) + 1e-3)
        else:
            if name == "adamw":
                decayed = np.arange(N_PARAMETERS) % 3 > 0
                parameters = parameters - rate * 0.3 * parameters * decayed
            first = 0.8 * first + 0.2 * gradient
            second = 0.95 * second + 0.05 * gradient**2
            corrected_first = first / (1 - 0.8 ** (step + 1))
            corrected_second = second / (1 - 0.95 ** (step + 1))
            parameters = parameters - rate * corrected_first / (
                np.sqrt(corrected_second) + 1e-3
            )
    return parameters


@each_optimizer
def test_steps_are_those_of_the_textbook(name):
    parameters, optimizer = trajectory(name, 12)
    assert_allclose(parameters, textbook(name, 12), rtol=1e-12)
    assert optimizer.n_updates == 12


@each_optimizer
def test_float32_parameters_stay_float32_and_agree_with_float64(name):
    single, optimizer = trajectory(name, 12, dtype=np.float32)
    double, _ = trajectory(name, 12)
    assert single.dtype == np.float32
    assert all(
        value.dtype == np.float32
        for value in optimizer.get_state().values()
        if isinstance(value, np.ndarray)
    )
    assert_allclose(single, double, rtol=1e-4, atol=1e-5)


@each_optimizer
@pytest.mark.parametrize("extra", [-1, 0, 1, BLOCK_SIZE + 5])
def test_blocks_do_not_show(name, extra, monkeypatch):
    n_parameters = BLOCK_SIZE + extra
    in_blocks, _ = trajectory(name, 3, n_parameters=n_parameters, dtype=np.float32)
    monkeypatch.setattr("sklstm.training.optimizers.BLOCK_SIZE", 10 * BLOCK_SIZE)
    at_once, _ = trajectory(name, 3, n_parameters=n_parameters, dtype=np.float32)
    assert_array_equal(in_blocks, at_once)
    assert (in_blocks != start(n_parameters, np.float32)).all()


@each_optimizer
def test_a_pickled_state_goes_on_to_the_last_bit(name):
    parameters, gradient = start(), np.empty(N_PARAMETERS)
    optimizer = MAKERS[name](parameters, gradient)
    for step, values in enumerate(gradients(10)):
        if step == 4:
            state = pickle.loads(pickle.dumps(optimizer.get_state()))
            optimizer = MAKERS[name](parameters, gradient, state=state)
            kept = {key: np.copy(value) for key, value in state.items()}
        gradient[:] = values
        optimizer.step(RATE / (1 + step))
    assert_array_equal(parameters, trajectory(name, 10)[0])
    for key, value in kept.items():
        assert_array_equal(state[key], value)  # going on copies the moments


def test_a_state_of_another_network_is_refused():
    _, optimizer = trajectory("adam", 2)
    with pytest.raises(ValueError, match="23 entries, the network has 9 parameters"):
        Adam(np.zeros(9), np.zeros(9), state=optimizer.get_state())


def test_the_state_of_another_solver_starts_afresh():
    _, sgd = trajectory("sgd_momentum", 2)
    options = TrainingOptions(solver="rmsprop")
    parameters = np.zeros(N_PARAMETERS)
    optimizer = make_optimizer(
        options, parameters, parameters.copy(), parameters > 0, sgd.get_state()
    )
    assert optimizer.n_updates == 0


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"solver": "adam", "beta_1": 0.8, "epsilon": 1e-3}, Adam),
        ({"solver": "adamw", "alpha": 0.1}, AdamW),
        ({"solver": "rmsprop", "epsilon": 1e-3}, RMSprop),
        ({"solver": "sgd", "momentum": 0.7, "nesterovs_momentum": False}, SGD),
    ],
)
def test_options_reach_the_optimizer(options, expected):
    parameters = np.ones(4)
    is_weight = np.array([True, False, True, True])
    optimizer = make_optimizer(
        TrainingOptions(**options), parameters, np.zeros(4), is_weight
    )
    assert type(optimizer) is expected
    for name, value in options.items():
        name = {"nesterovs_momentum": "nesterov"}.get(name, name)
        if name not in ("solver", "alpha"):
            assert getattr(optimizer, name) == value
    optimizer.step(0.5)  # of a zero gradient: only a decay moves anything
    moved = is_weight if expected is AdamW else np.zeros(4, dtype=bool)
    assert_array_equal(parameters != 1, moved)


@each_optimizer
def test_a_step_allocates_nothing_of_the_parameters_size(name):
    n_parameters = 3 * BLOCK_SIZE
    parameters, gradient = start(n_parameters), start(n_parameters)
    optimizer = MAKERS[name](parameters, gradient)
    optimizer.step(RATE)
    tracemalloc.start()
    try:
        optimizer.step(RATE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "sgd_plain"])
def test_moments_of_a_dead_parameter_do_not_stay_subnormal(name):
    parameters, gradient = start(4, np.float32), np.zeros(4, dtype=np.float32)
    optimizer = MAKERS[name](parameters, gradient)
    moments = [
        value for value in optimizer.get_state().values() if not np.isscalar(value)
    ]
    tiny = np.finfo(np.float32).tiny
    for moment in moments:
        moment[:] = [1e-3, tiny, -tiny / 8, -1e-25]
    optimizer.flush_tiny_moments()
    assert moments
    for moment in moments:
        assert_array_equal(moment, np.array([1e-3, 0, 0, -1e-25], dtype=np.float32))


@each_optimizer
def test_ten_steps_agree_with_torch(name):
    torch = pytest.importorskip("torch")
    # PyTorch has one decay for all of a tensor, hence two of them.
    decayed = np.arange(N_PARAMETERS) % 3 > 0
    tensors = [
        torch.nn.Parameter(torch.tensor(start()[mask])) for mask in (decayed, ~decayed)
    ]
    adam = {"betas": (0.8, 0.95), "eps": 1e-3}
    groups = [
        {"params": [tensors[0]], "weight_decay": 0.3 if name == "adamw" else 0},
        {"params": [tensors[1]], "weight_decay": 0},
    ]
    peer = {
        "sgd_plain": lambda: torch.optim.SGD(groups, lr=RATE),
        "sgd_momentum": lambda: torch.optim.SGD(groups, lr=RATE, momentum=0.8),
        "sgd_nesterov": lambda: torch.optim.SGD(
            groups, lr=RATE, momentum=0.8, nesterov=True
        ),
        "rmsprop": lambda: torch.optim.RMSprop(groups, lr=RATE, alpha=0.7, eps=1e-3),
        "adam": lambda: torch.optim.Adam(groups, lr=RATE, **adam),
        "adamw": lambda: torch.optim.AdamW(groups, lr=RATE, **adam),
    }[name]()
    for step, values in enumerate(gradients(10)):
        for group in peer.param_groups:
            group["lr"] = RATE / (1 + step)
        for tensor, mask in zip(tensors, (decayed, ~decayed), strict=True):
            tensor.grad = torch.tensor(values[mask])
        peer.step()
    parameters, _ = trajectory(name, 10)
    assert_allclose(parameters[decayed], tensors[0].detach().numpy(), rtol=1e-10)
    assert_allclose(parameters[~decayed], tensors[1].detach().numpy(), rtol=1e-10)
