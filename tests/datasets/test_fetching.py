"""Files are downloaded once, checked, kept; what goes wrong says what to do."""

import sys
from pathlib import Path

import pytest

from sklstm.datasets import clear_data_home, fetching, get_data_home
from sklstm.datasets.fetching import GitHubFile, fetch_files

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

FILE = GitHubFile("owner/name", 40 * "a", "some folder/file.txt", 64 * "0")
CONTENT = b"to be or not to be\n" * 100


@pytest.fixture
def file(publish):
    return publish(FILE, CONTENT)


def fetch(file, **how):
    (path,) = fetch_files("plays", [file], delay=0, **how)
    return path


def test_a_file_is_downloaded_once(file, server, data_home):
    path = fetch(file)
    assert path == data_home / "plays" / "some folder" / "file.txt"
    assert path.read_bytes() == CONTENT
    assert fetch(file) == path
    assert fetch(file, download_if_missing=False) == path
    assert server.requested == [f"/owner/name/{40 * 'a'}/some%20folder/file.txt"]


def test_a_file_that_is_there_needs_neither_network_nor_pooch(
    file, server, monkeypatch
):
    fetch(file)
    monkeypatch.setattr(fetching, "RAW_FILES", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert fetch(file).read_bytes() == CONTENT


def test_what_is_missing_is_an_error_if_it_must_not_be_downloaded(file, server):
    with pytest.raises(OSError, match="is not there, and download_if_missing=F") as e:
        fetch(file, download_if_missing=False)
    for fact in (file.url, file.sha256, "plays", "SKLSTM_DATA"):
        assert fact in str(e.value)
    assert server.requested == []


def test_a_file_with_another_checksum_is_refused_and_not_kept(file, server, data_home):
    other = file._replace(sha256=64 * "b")
    with pytest.raises(OSError, match="could not be downloaded in 2 attempts") as error:
        fetch(other, n_retries=1)
    assert "hash" in str(error.value)
    assert 64 * "b" in str(error.value)
    assert [path for path in data_home.rglob("*") if path.is_file()] == []
    assert len(server.requested) == 2


def test_a_damaged_file_is_downloaded_again(file, server):
    fetch(file).write_bytes(CONTENT[:-1])
    with pytest.raises(OSError, match=r"is not the expected file \(its SHA-256 is "):
        fetch(file, download_if_missing=False)
    assert fetch(file).read_bytes() == CONTENT
    assert len(server.requested) == 2


@pytest.mark.parametrize("breaks_off", [False, True])
def test_a_download_that_fails_is_tried_again(file, server, data_home, breaks_off):
    server.n_failures, server.breaks_off = 2, breaks_off
    with pytest.raises(OSError, match="in 1 attempts"):
        fetch(file, n_retries=0)
    assert [path for path in data_home.rglob("*") if path.is_file()] == []
    assert fetch(file, n_retries=1).read_bytes() == CONTENT
    assert len(server.requested) == 3


def test_attempts_are_some_time_apart(file, server, monkeypatch):
    waited = []
    monkeypatch.setattr(fetching.time, "sleep", waited.append)
    server.n_failures = 2
    fetch_files("plays", [file], n_retries=3, delay=7)
    assert waited == [7, 7]


def test_a_file_that_is_gone_says_where_it_should_have_been(file, server):
    server.files.clear()
    with pytest.raises(OSError, match="404") as error:
        fetch(file, n_retries=0)
    assert file.url in str(error.value)


def test_without_network_the_error_says_how_to_do_without(file, monkeypatch, data_home):
    monkeypatch.setattr(fetching, "RAW_FILES", "http://127.0.0.1:9")
    with pytest.raises(OSError, match="Without network here, download http") as error:
        fetch(file, n_retries=0)
    assert str(data_home / "plays" / "some folder" / "file.txt") in str(error.value)
    # What the message says helps.
    path = data_home / "plays" / "some folder" / "file.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    assert fetch(file) == path


def test_without_pooch_the_error_names_the_extra(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install 'sklstm\[data\]'"):
        fetch(file)


def test_the_folder_is_the_one_asked_for(
    file, server, data_home, monkeypatch, tmp_path
):
    assert Path(get_data_home()) == data_home
    other = tmp_path / "other"
    assert fetch(file, data_home=other).is_relative_to(other)
    assert get_data_home(str(other)) == str(other)
    monkeypatch.delenv("SKLSTM_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_data_home() == str(tmp_path / "sklstm_data")
    assert get_data_home("~/there") == str(tmp_path / "there")
    assert (tmp_path / "there").is_dir()


def test_the_folder_can_be_cleared(file, server, data_home):
    fetch(file)
    clear_data_home()
    assert not data_home.exists()
    clear_data_home()
