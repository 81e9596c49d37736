"""Build the extension modules: one kernel module for every instruction set and dtype.

The kernels are one Cython source, translated once and compiled once for every variant
with flags and object folder of its own. Environment variables:

    SKLSTM_NO_OPENMP=1      build without OpenMP (one thread)
    SKLSTM_DEBUG_CYTHON=1   bounds checks in the Cython code
    SKLSTM_SANITIZE=address compile and link with a sanitizer
"""

import copy
import os
import platform
import tempfile
import warnings
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

KERNELS = Path("sklstm/_kernels")
DEBUG = os.environ.get("SKLSTM_DEBUG_CYTHON") == "1"
SANITIZE = os.environ.get("SKLSTM_SANITIZE")
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": False,
    "cdivision": True,
    "embedsignature": True,
    "freethreading_compatible": True,
}
ISA_FLAGS = {"generic": []}
if platform.machine() in ("x86_64", "AMD64"):
    ISA_FLAGS |= {isa: [f"-march=x86-64-{isa}"] for isa in ("v2", "v3", "v4")}
DTYPE_MACROS = {"float32": [], "float64": [("SKLSTM_FLOAT64", "1")]}
# -ffp-contract=off: only v_fma fuses, so that copies of a kernel cannot round apart.
COMPILE_ARGS = [
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-Wno-psabi",
    "-g0",
]
OPENMP_PROBE = (
    "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
)


class BuildKernels(build_ext):
    """Add OpenMP once the real compiler is known; keep the variants' objects apart."""

    def build_extensions(self):
        openmp = self._openmp_args()
        sanitize = (
            [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"] if SANITIZE else []
        )
        strip = [] if SANITIZE or platform.system() != "Linux" else ["-Wl,--strip-all"]
        for extension in self.extensions:
            extension.extra_compile_args += openmp + sanitize
            extension.extra_link_args += openmp + sanitize + strip
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()

    def build_extension(self, ext):
        # All variants come from one C file: without folders of their own they would
        # overwrite each other's object. The copy keeps this right in parallel builds.
        command = copy.copy(self)
        command.build_temp = os.path.join(self.build_temp, ext.name)
        build_ext.build_extension(command, ext)

    def _openmp_args(self):
        if os.environ.get("SKLSTM_NO_OPENMP") == "1":
            return []
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "probe.c"
            source.write_text(OPENMP_PROBE)
            try:
                objects = self.compiler.compile(
                    [str(source)], output_dir="/", extra_postargs=["-fopenmp"]
                )
                self.compiler.link_executable(
                    objects, str(Path(folder) / "probe"), extra_postargs=["-fopenmp"]
                )
            except Exception as error:
                warnings.warn(
                    f"OpenMP was not found, building for one thread: {error}",
                    stacklevel=2,
                )
                return []
        return ["-fopenmp"]


def kernel_extensions():
    """Translate the kernels once and clone the extension for every variant."""
    source = str(KERNELS / "kernels.pyx")
    depends = [
        str(path) for path in KERNELS.rglob("*") if path.suffix in (".pxi", ".h")
    ]
    template = Extension("sklstm._kernels.kernels", [source], depends=depends)
    [translated] = cythonize([template], compiler_directives=DIRECTIVES)
    for isa, flags in ISA_FLAGS.items():
        for dtype, macros in DTYPE_MACROS.items():
            name = f"{dtype}_{isa}"
            # The module's init function carries the name it is imported by.
            yield Extension(
                f"sklstm._kernels.{name}",
                translated.sources,
                depends=depends,
                include_dirs=[str(KERNELS)],
                define_macros=[*macros, ("PyInit_kernels", f"PyInit_{name}")],
                extra_compile_args=COMPILE_ARGS + flags,
            )


runtime = Extension(
    "sklstm._kernels.runtime",
    [str(KERNELS / "runtime.pyx")],
    extra_compile_args=["-O2", "-g0"],
)
setup(
    ext_modules=[
        *cythonize([runtime], compiler_directives=DIRECTIVES),
        *kernel_extensions(),
    ],
    cmdclass={"build_ext": BuildKernels},
)
