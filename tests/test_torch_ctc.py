"""Parity with PyTorch's loss of connectionist temporal classification.

Compared at the outputs, through `log_softmax`: what PyTorch returns as the gradient
with respect to `log_probs` is the one with respect to unnormalised outputs, and not
its derivative.
"""

import numpy as np
import pytest
from ctc_problem import random_problem
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

LOSS_TOLERANCE = {np.float32: 1e-6, np.float64: 1e-12}
GRADIENT_TOLERANCE = {np.float32: 2e-5, np.float64: 1e-10}


def torch_ctc(problem, n_classes):
    """Losses, and the gradient of their sum, in packed order and float64."""
    shape = problem.lengths[0], len(problem.lengths), n_classes
    padded = torch.zeros(shape, dtype=torch.float64)
    for b, length in enumerate(problem.lengths):
        padded[:length, b] = torch.tensor(problem.sample(b), dtype=torch.float64)
    padded.requires_grad_()
    losses = torch.nn.functional.ctc_loss(
        padded.log_softmax(2),
        torch.tensor(problem.labels),
        torch.tensor(problem.lengths),
        torch.tensor(problem.n_labels),
        blank=n_classes - 1,
        reduction="none",
    )
    feasible = torch.isfinite(losses)
    losses[feasible].sum().backward()
    gradient = np.empty(problem.outputs.shape)
    for b in range(len(problem.lengths)):
        gradient[problem.rows(b)] = padded.grad[: problem.lengths[b], b].numpy()
    return losses.detach().numpy(), gradient, feasible.numpy()


@pytest.mark.parametrize("n_classes", [2, 6, 40])
@pytest.mark.parametrize("scale", [0.5, 5.0])
def test_losses_and_gradients_at_the_outputs(kernels, dtype, n_classes, scale):
    problem = random_problem(kernels, dtype, n_classes=n_classes, scale=scale)
    losses, d_outputs = problem.loss()
    expected, gradient, feasible = torch_ctc(problem, n_classes)
    assert_allclose(losses, expected, rtol=LOSS_TOLERANCE[dtype])
    assert feasible.sum() > 20
    for b in np.flatnonzero(feasible):
        rows = problem.rows(b)
        assert_allclose(d_outputs[rows], gradient[rows], atol=GRADIENT_TOLERANCE[dtype])
