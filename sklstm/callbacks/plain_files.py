"""Plain values in a file that is always whole: written aside, then put in its place.

The file is an uncompressed ``.npz``: the arrays, and a JSON text with everything else
in which arrays are replaced by their numbers. NumPy reads it with
``allow_pickle=False``: nothing in it can run.
"""

import contextlib
import glob
import json
import os
import threading
import zipfile

import numpy as np

__all__ = ["read_plain", "remove_leftovers", "write_plain"]

_ARRAY = "array of this file"


def write_plain(path, value):
    """Write a value so that the file at `path` is the old or the new one, never less.

    Parameters
    ----------
    path : Path
    value : dict
        Of numbers, strings, booleans, None, arrays of them, and lists and dictionaries
        (with strings for keys) of all these.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is as it was.
    """
    arrays = []
    text = json.dumps(_packed(value, arrays))
    named = {f"array_{number}": array for number, array in enumerate(arrays)}
    named["json"] = np.frombuffer(text.encode(), dtype=np.uint8)
    aside = _aside(path)
    try:
        with open(aside, "wb") as file:
            np.savez(file, **named)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_plain(path):
    """Read what `write_plain` has written.

    Parameters
    ----------
    path : Path

    Returns
    -------
    value : dict

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file is not whole, or none of ours.
    """
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as named:
                arrays = {name: named[name] for name in named.files}
            packed = json.loads(arrays["json"].tobytes().decode())
            return _unpacked(packed, arrays)
        except (
            ValueError, KeyError, TypeError, AttributeError, EOFError, OSError,
            NotImplementedError, zipfile.BadZipFile,
        ) as error:  # fmt: skip
            raise ValueError(str(error) or type(error).__name__) from None


def remove_leftovers(path):
    """Remove what processes that were killed while writing have left beside `path`."""
    for aside in path.parent.glob(f"{glob.escape(path.name)}.*.tmp"):
        process = aside.name[len(path.name) + 1 :].partition("-")[0]
        if process.isdigit() and not _is_running(int(process)):
            aside.unlink(missing_ok=True)


def _aside(path):
    """Where to write first: another place for every process and thread."""
    writer = f"{os.getpid()}-{threading.get_ident()}"
    return path.with_name(f"{path.name}.{writer}.tmp")


def _is_running(process):
    if os.name != "posix":  # where asking may kill
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync_folder(folder):
    """Make sure that the new name survives a failure of power, too."""
    with contextlib.suppress(PermissionError):  # of systems that open no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _packed(value, arrays):
    """The value with numbers in place of its arrays, which are put into the list."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:  # NumPy would pickle them
            raise TypeError("arrays of objects are no plain values")
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {name: _packed(item, arrays) for name, item in value.items()}
    if isinstance(value, list):
        return [_packed(item, arrays) for item in value]
    return value


def _unpacked(value, arrays):
    if isinstance(value, list):
        return [_unpacked(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return arrays[f"array_{value[_ARRAY]}"]
    return {name: _unpacked(item, arrays) for name, item in value.items()}
