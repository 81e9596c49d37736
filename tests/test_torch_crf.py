"""Parity of the CRF with one written in PyTorch: losses, and gradients by autograd."""

import numpy as np
import pytest
from crf_problems import CRFProblem
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


def torch_losses(emissions, codes, lengths, parameters):
    """Negative log-likelihoods of padded sequences.

    Parameters
    ----------
    emissions : Tensor of shape (n_samples, n_timesteps, n_tags)
    codes : Tensor of shape (n_samples, n_timesteps)
    lengths : Tensor of shape (n_samples,)
    parameters : dict of Tensor
    """
    transitions, start, end = (
        parameters[name] for name in ("transitions", "start", "end")
    )
    alive = torch.arange(emissions.shape[1]) < lengths[:, None]
    path = emissions.gather(2, codes[:, :, None])[:, :, 0]
    path[:, 1:] += transitions[codes[:, :-1], codes[:, 1:]]
    path = (path * alive).sum(1) + start[codes[:, 0]]
    path = path + end[codes.gather(1, lengths[:, None] - 1)[:, 0]]
    alpha = start + emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        inner = torch.logsumexp(alpha[:, :, None] + transitions, 1) + emissions[:, t]
        alpha = torch.where(alive[:, t : t + 1], inner, alpha)
    return torch.logsumexp(alpha + end, 1) - path


@pytest.mark.parametrize("way", [None, "logarithms"])
@pytest.mark.parametrize("n_tags", [2, 17, 72])
def test_losses_and_gradients_are_those_of_torch(kernels, dtype, n_tags, way):
    lengths = [7, 1, 4, 4, 9, 2]
    problem = CRFProblem(kernels, dtype, n_tags, lengths, way=way)
    losses, gradients = problem.run()
    batch = problem.batch
    padded = np.zeros((batch.n_samples, batch.lengths[0], n_tags), dtype=dtype)
    codes = np.zeros(padded.shape[:2], dtype=np.int64)
    for b, length in enumerate(batch.lengths):
        padded[b, :length] = problem.emissions[problem.rows(b)]
        codes[b, :length] = problem.codes[problem.rows(b)]
    emissions = torch.tensor(padded, requires_grad=True)
    parameters = {
        name: torch.tensor(array, requires_grad=True)
        for name, array in problem.parameters.items()
    }
    expected = torch.tensor(problem.weights) * torch_losses(
        emissions, torch.tensor(codes), torch.tensor(batch.lengths), parameters
    )
    expected.sum().backward()
    tolerance = TOLERANCE[dtype]
    assert_allclose(losses, expected.detach().numpy(), rtol=tolerance)
    for b in range(batch.n_samples):
        wanted = emissions.grad[b, : batch.lengths[b]].numpy()
        assert_allclose(gradients["emissions"][problem.rows(b)], wanted, atol=tolerance)
    for name, tensor in parameters.items():
        assert_allclose(
            gradients[name], tensor.grad.numpy(), atol=tolerance, err_msg=name
        )
