"""Fixtures of the estimators' tests."""

import pytest

from sklstm import _threads


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    """Let ``n_jobs=None`` mean one thread, unless a test asks for more by number.

    Problems are small here, and on a busy machine two threads spend their time waiting
    for each other. Results do not depend on it.
    """
    monkeypatch.setattr(_threads, "_available", 1)
