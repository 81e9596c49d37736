"""A data folder of its own for each test, and a server in place of the real one."""

import gc
import hashlib

import pytest
from datasets.file_server import serving

from sklstm.datasets import fetching


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """No test touches the user's folder."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SKLSTM_DATA", str(folder))
    return folder


@pytest.fixture
def server(monkeypatch):
    """A running server that downloads go to."""
    pytest.importorskip("pooch")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as (files, address):
        monkeypatch.setattr(fetching, "RAW_FILES", address)
        yield files
        gc.collect()  # pooch leaves a connection open when a download fails


@pytest.fixture
def publish(server):
    """Put a small file in the place of a real one."""

    def publish_file(file, content):
        file = file._replace(sha256=hashlib.sha256(content).hexdigest())
        server.files[file.url.removeprefix(fetching.RAW_FILES)] = content
        return file

    return publish_file
