"""Which instruction set is used, and what the build offers."""

import os
import subprocess
import sys

import pytest

from sklstm import _kernels

SHOW_ISA = (
    "import sys\n"
    "from sklstm import _kernels\n"
    "loaded = [m for m in sys.modules if m.startswith('sklstm._kernels.float')]\n"
    "print(_kernels.ISA, *sorted(m.split('.')[-1] for m in loaded))\n"
)


def run(requested):
    """Import the kernels in a new process with SKLSTM_ISA set."""
    environment = {k: v for k, v in os.environ.items() if k != "SKLSTM_ISA"}
    if requested is not None:
        environment["SKLSTM_ISA"] = requested
    return subprocess.run(
        [sys.executable, "-c", SHOW_ISA],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("requested", [None, ""])
def test_best_instruction_set_is_the_default(requested):
    done = run(requested)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == _kernels.supported_isas()[0]


@pytest.mark.parametrize("requested", ["generic", "GENERIC ", "x86-64-v2"])
def test_environment_chooses_and_nothing_else_is_loaded(requested):
    isa = requested.strip().lower().removeprefix("x86-64-")
    if isa not in _kernels.supported_isas():
        pytest.skip(f"{isa} is not supported here")
    done = run(requested)
    assert done.returncode == 0, done.stderr
    # Module initialisation may already use the instructions: nothing else may load.
    assert done.stdout.split() == [isa, f"float32_{isa}", f"float64_{isa}"]


@pytest.mark.parametrize("requested", ["v9", "avx2", "native"])
def test_unsupported_request_is_an_import_error_that_lists_the_choices(requested):
    done = run(requested)
    assert done.returncode != 0
    message = done.stderr.splitlines()[-1]
    assert message.startswith(f"ImportError: SKLSTM_ISA={requested!r}")
    for isa in _kernels.supported_isas():
        assert isa in message


def test_generic_kernels_are_always_there():
    assert _kernels.supported_isas()[-1] == "generic"


def test_kernels_were_built_with_openmp():
    if os.environ.get("SKLSTM_NO_OPENMP") == "1":
        pytest.skip("SKLSTM_NO_OPENMP=1: one thread was asked for")
    assert _kernels.built_with_openmp(), (
        "the kernels use one thread; install a compiler with OpenMP, or set "
        "SKLSTM_NO_OPENMP=1 if this is wanted"
    )


def test_variants_have_registers_of_their_own(isa, kernels, dtype):
    """Each module is compiled for its own instruction set and dtype."""
    bytes_of_register = {"v4": 64, "v3": 32}.get(isa, 16)
    if isa == "generic":
        assert kernels.lanes() in (1, 16 // dtype().itemsize)
    else:
        assert kernels.lanes() == bytes_of_register // dtype().itemsize
    assert 1 <= kernels.tile_rows() <= 16
