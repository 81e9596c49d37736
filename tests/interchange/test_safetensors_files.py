"""Files of safetensors: to the bytes of its own package, and damaged ones."""

import json

import numpy as np
import pytest
from interchange.weight_problems import assert_same_weights, random_weights
from numpy.testing import assert_array_equal

from sklstm.interchange import (
    from_torch,
    load_safetensors,
    save_safetensors,
    to_torch,
)

DTYPES = [f"float{n}" for n in (16, 32, 64)] + ["bool"]
DTYPES += [f"{kind}{n}" for kind in ("int", "uint") for n in (8, 16, 32, 64)]


def arrays_of_all_dtypes():
    rng = np.random.default_rng(0)
    arrays = {dtype: (9 * rng.normal(size=(2, 3))).astype(dtype) for dtype in DTYPES}
    return arrays | {
        "scalar": np.array(3.0),
        "empty": np.empty((0, 4), np.float32),
        "ünïcode name": np.arange(3, dtype=np.int16),
    }


def assert_same_arrays(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert_array_equal(found[name], array)


def written(tmp_path, header, data=b""):
    """The path of a file with such a header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "written.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_all_arrays_come_back(tmp_path):
    arrays = arrays_of_all_dtypes()
    path = tmp_path / "arrays.safetensors"
    save_safetensors(arrays, path)
    found = load_safetensors(str(path))
    assert_same_arrays(found, arrays)
    assert all(array.flags.writeable for array in found.values())


def test_the_bytes_are_those_of_the_format_by_hand(tmp_path):
    path = tmp_path / "arrays.safetensors"
    save_safetensors({"a": np.array([1.0], "<f4"), "b": np.array([[2]], ">i2")}, path)
    header = (
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"b":{"dtype":"I16","shape":[1,1],"data_offsets":[4,6]}}'
    )
    header += b" " * (-len(header) % 8)
    size = len(header).to_bytes(8, "little")
    assert path.read_bytes() == size + header + b"\x00\x00\x80\x3f" + b"\x02\x00"


def test_the_package_safetensors_reads_what_we_write(tmp_path):
    package = pytest.importorskip("safetensors")
    numpy = pytest.importorskip("safetensors.numpy")
    arrays, path = arrays_of_all_dtypes(), tmp_path / "arrays.safetensors"
    save_safetensors(arrays, path, metadata={"made by": "sklstm"})
    assert_same_arrays(numpy.load_file(path), arrays)
    with package.safe_open(path, framework="numpy") as file:
        assert file.metadata() == {"made by": "sklstm"}


def test_we_read_what_the_package_safetensors_writes(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    arrays, path = arrays_of_all_dtypes(), tmp_path / "arrays.safetensors"
    numpy.save_file(arrays, path, metadata={"format": "np"})
    assert_same_arrays(load_safetensors(path), arrays)


def test_bfloat16_of_torch_becomes_float32_without_loss(tmp_path):
    torch = pytest.importorskip("torch")
    safetensors_torch = pytest.importorskip("safetensors.torch")
    tensor = torch.randn(3, 5).to(torch.bfloat16)
    path = tmp_path / "arrays.safetensors"
    safetensors_torch.save_file({"a": tensor}, path)
    [found] = load_safetensors(path).values()
    assert found.dtype == np.float32
    assert_array_equal(found, tensor.to(torch.float32).numpy())


def test_bfloat16_is_the_upper_half_of_a_float32_by_hand(tmp_path):
    header = {"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    path = written(tmp_path, header, b"\x80\x3f\x20\xc0")  # 0x3f80, 0xc020
    assert_array_equal(load_safetensors(path)["a"], [1.0, -2.5])


def test_weights_of_a_torch_module_go_through_a_file(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module, path = torch.nn.GRU(3, 5, num_layers=2), tmp_path / "gru.safetensors"
    save_safetensors(module.state_dict(), path)
    expected = from_torch(module.state_dict())
    assert_same_weights(from_torch(load_safetensors(path)), expected)


def test_weights_come_back_through_a_file(tmp_path):
    weights, path = random_weights("lstm", sizes=(5, 5)), tmp_path / "w.safetensors"
    save_safetensors(to_torch(weights), path)
    assert_same_weights(from_torch(load_safetensors(path)), weights)


def test_what_the_format_cannot_hold_is_named(tmp_path):
    path = tmp_path / "arrays.safetensors"
    with pytest.raises(TypeError, match="a has dtype complex128"):
        save_safetensors({"a": np.ones(2, complex)}, path)
    with pytest.raises(TypeError, match="metadata"):
        save_safetensors({}, path, metadata={"epochs": 3})
    assert not path.exists()


A = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "header, n_bytes, message",
    [
        (b"{", 8, "header cannot be read"),
        (b"\xff", 8, "header cannot be read"),
        (b"[]", 8, "no mapping"),
        (b'{"a": 1, "a": 2}', 8, "comes twice"),
        ({"a": [0, 8]}, 8, "damaged: 'a' has the header"),
        ({"a": A | {"shape": [-2]}}, 8, "damaged: 'a' has the header"),
        ({"a": A | {"shape": [2.0]}}, 8, "damaged: 'a' has the header"),
        ({"a": A | {"data_offsets": 8}}, 8, "damaged: 'a' has the header"),
        ({"a": A | {"data_offsets": [0, 4, 8]}}, 8, "damaged: 'a' has the header"),
        ({"a": A | {"shape": [3]}}, 8, r"a of shape \(3,\) and dtype F32 has 8 bytes"),
        ({"a": A | {"dtype": "F8_E4M3"}}, 8, "dtype F8_E4M3"),
        ({"a": A}, 7, "arrays end at byte 8 of the data, but the file ends at 7"),
        ({"a": A}, 9, "arrays end at byte 8 of the data, but the file ends at 9"),
        ({"a": A, "b": A}, 8, "byte 8 of the data, but the next one begins at 0"),
        ({"a": A | {"data_offsets": [4, 12]}}, 12, "byte 0 .* next one begins at 4"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, header, n_bytes, message):
    path = written(tmp_path, header, bytes(n_bytes))
    with pytest.raises(ValueError, match=message) as error:
        load_safetensors(path)
    assert str(path) in str(error.value)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    with pytest.raises(ValueError, match="no safetensors file: it has 3 bytes"):
        load_safetensors(path)
    path.write_bytes(b"PK\x03\x04 and so on, a zip file")
    with pytest.raises(ValueError, match="no safetensors file"):
        load_safetensors(path)
