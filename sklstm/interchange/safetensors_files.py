"""Files of the safetensors format: a header in JSON, then the bytes of the arrays.

Read and written here with NumPy alone. The format is two pages long; the `safetensors`
package reads and writes the same files (the tests use it), but one that exchanges
weights by NumPy should need nothing else, and NumPy lacks bfloat16, in which models are
published, so that its arrays need a hand of ours in any case.

::

    8 bytes     size of the header, little-endian
    header      {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                 ..., "__metadata__": {"any": "string"}}, spaces at its end
    the rest    the arrays, C-contiguous and little-endian, without gaps
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .._typing import Array
from .recurrent_weights import as_floats

__all__ = ["load_safetensors", "save_safetensors"]

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_BFLOAT16 = "BF16"  # the upper half of a float32
_METADATA = "__metadata__"
_KEYS = {"dtype", "shape", "data_offsets"}
_ALIGNMENT = 8
_LARGEST_HEADER = 100_000_000


def save_safetensors(
    state_dict: Mapping[str, Any],
    path: str | PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write arrays to a safetensors file.

    Parameters
    ----------
    state_dict : mapping from str to array or tensor
        Such as `to_torch` returns.
    path : str or path
        The file.
        Where to; a file that is there is replaced.
    metadata : mapping from str to str, default=None
        Words about the arrays.

    Raises
    ------
    TypeError
        If an array has a dtype that the format does not know, or metadata are no
        strings.

    See Also
    --------
    load_safetensors : Reads it.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from sklstm.interchange import load_safetensors, save_safetensors
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_safetensors({"head.bias": np.arange(3.0)}, path)
    >>> load_safetensors(path)
    {'head.bias': array([0., 1., 2.])}
    """
    arrays = {name: _little_endian(array, name) for name, array in state_dict.items()}
    header, position = {}, 0
    if metadata is not None:
        header[_METADATA] = _checked_metadata(metadata)
    for name, array in arrays.items():
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [position, position + array.nbytes],
        }
        position += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())


def load_safetensors(path: str | PathLike[str]) -> dict[str, Array]:
    """Read all arrays of a safetensors file.

    Parameters
    ----------
    path : str or path
        The file.
        The file.

    Returns
    -------
    state_dict : dict of str to ndarray
        In the order they stand in. bfloat16 becomes float32, which holds it exactly.

    Raises
    ------
    ValueError
        If the file is none, is damaged, or has numbers NumPy does not know.

    See Also
    --------
    save_safetensors : Writes one.
    from_torch : Weights of a state dictionary.
    """
    data = Path(path).read_bytes()
    header, start = _header_of(data, path)
    header.pop(_METADATA, None)
    places = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    _check_places(places, len(data) - start, path)
    buffer = memoryview(data)[start:]
    return {name: _array_of(buffer, name, place, path) for name, place in places}


# ---- writing -------------------------------------------------------------------------


def _little_endian(array, name):
    if hasattr(array, "detach"):  # a tensor of PyTorch
        array = as_floats(array, name)
    array = np.asarray(array)
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _NAMES:
        raise TypeError(
            f"{name} has dtype {array.dtype}, which safetensors does not know."
        )
    return np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)


def _checked_metadata(metadata):
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError(
                f"metadata must map strings to strings, got {key!r}: {value!r}."
            )
    return dict(metadata)


# ---- reading -------------------------------------------------------------------------


def _header_of(data, path):
    """The header of a file, and where the arrays begin."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, _LARGEST_HEADER):
        raise ValueError(
            f"{path} is no safetensors file: it has {len(data)} bytes, and a header of "
            f"{size} would come first."
        )
    try:
        header = json.loads(data[8 : 8 + size], object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(
            f"{path} is no safetensors file: its header cannot be read ({error})."
        ) from None
    if not isinstance(header, dict):
        raise ValueError(f"{path} is no safetensors file: its header is no mapping.")
    for name, place in header.items():
        if name != _METADATA and not _is_place(place):
            raise ValueError(f"{path} is damaged: {name!r} has the header {place!r}.")
    return header, 8 + size


def _once(pairs):
    """A dict of pairs of a JSON object, no key of which may come twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def _is_place(place):
    if not isinstance(place, dict) or not set(place) >= _KEYS:
        return False
    lists = place["shape"], place["data_offsets"]
    are_sizes = all(
        isinstance(numbers, list) and all(type(n) is int and n >= 0 for n in numbers)
        for numbers in lists
    )
    return are_sizes and len(place["data_offsets"]) == 2


def _check_places(places, n_bytes, path):
    """Raise unless the arrays follow each other without gaps, up to the end."""
    offsets = [place["data_offsets"] for _, place in places]
    for (_, stop), (start, _) in pairwise([[0, 0], *offsets, [n_bytes, n_bytes]]):
        if start != stop:
            raise ValueError(
                f"{path} is damaged: arrays end at byte {stop} of the data, but "
                f"{'the file' if start == n_bytes else 'the next one'} "
                f"{'ends' if start == n_bytes else 'begins'} at {start}."
            )


def _array_of(buffer, name, place, path):
    start, stop = place["data_offsets"]
    shape, kind = place["shape"], place["dtype"]
    is_half = kind == _BFLOAT16
    if not is_half and kind not in _DTYPES:
        raise ValueError(f"{path}: {name} has dtype {kind}, which NumPy does not know.")
    dtype = np.dtype("<u2" if is_half else _DTYPES[kind])
    if prod(shape) * dtype.itemsize != stop - start:
        raise ValueError(
            f"{path} is damaged: {name} of shape {tuple(shape)} and dtype {kind} has "
            f"{stop - start} bytes."
        )
    array = np.frombuffer(buffer[start:stop], dtype=dtype).reshape(shape)
    if is_half:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(dtype.newbyteorder("="))  # a copy that can be written to
