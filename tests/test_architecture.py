"""The arrows between the folders of the package, read from its imports.

Data enters at the top, flows down to the kernels and comes back; an import against
the current is how such an order is lost. The rules are data at the top of the file:
whoever needs a new arrow changes them here and says why in CONTRIBUTING.md.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "sklstm"

# What a part of the package may import from the package, besides itself. A part is a
# folder, or a file that lies beside the folders.
ARROWS = {
    "__init__": {"estimators", "sequences", "_show_versions", "_version"},
    "estimators": {
        "training",
        "network",
        "sequences",
        "decoding",
        "callbacks",
        "persistence",
        "_threads",
        "_sklearn_callbacks",
        "_sklearn_compat",
        "_typing",
    },
    # Sequences: a fit that is saved is known by its data.
    "callbacks": {"training", "sequences", "_version"},
    # Decoding: a validation score may be that of what is decoded from the outputs.
    "training": {"network", "sequences", "decoding", "_threads"},
    "network": {"_kernels"},
    "decoding": {"_kernels", "_typing"},
    "sequences": {"_sklearn_callbacks", "_sklearn_compat", "_typing", "persistence"},
    "persistence": {"_version"},
    "_kernels": set(),
    # What an estimator reads, in batches, is what there is to look into.
    "inspection": {"_threads", "_typing", "estimators", "network", "sequences"},
    "interchange": {"estimators", "network", "sequences", "_typing", "_version"},
    # Decoding: an error rate is made of edit distances.
    "metrics": {"estimators", "network", "decoding", "_sklearn_compat", "_typing"},
    "datasets": {"_typing"},
    "_threads": set(),
    "_sklearn_compat": set(),
    "_sklearn_callbacks": set(),
    "_version": set(),
    "_typing": set(),
    "_show_versions": {"_kernels", "_threads"},
}

# What may be imported from outside: what the package declares it needs.
with open(REPOSITORY / "pyproject.toml", "rb") as file:
    DECLARED = tomllib.load(file)["project"]["dependencies"]
RUNTIME_DEPENDENCIES = {
    re.match(r"[\w-]+", requirement)[0].replace("scikit-learn", "sklearn")
    for requirement in DECLARED
}
KERNEL_DEPENDENCIES = {"cython", "libc", "openmp", "cpython"}
OPTIONAL_DEPENDENCIES = {
    "datasets": {"pandas", "pooch"},
    "_show_versions": {"Cython", "threadpoolctl"},
    "inspection": {"matplotlib"},
    "interchange": {"onnx", "skl2onnx"},
}

# NumPy's products run in BLAS, where a row is rounded differently alone and in a
# batch, and where a second team of threads fights with ours.
BLAS_FREE = ("network", "training")
BLAS_CALLS = {"dot", "matmul", "einsum", "tensordot", "inner", "vdot", "multi_dot"}


def part_of(path):
    """The folder below the package a file lies in, or its own name."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def absolute(path, module, level):
    """The full name of a module imported with `level` leading dots."""
    if not level:
        return module
    package = ("sklstm", *path.relative_to(PACKAGE).parent.parts)
    return ".".join([*package[: len(package) - level + 1], *filter(None, [module])])


def python_imports(path):
    """Yield ``(module, names, line)`` for every import statement."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, (), node.lineno
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield absolute(path, node.module, node.level), names, node.lineno


def cython_imports(path):
    """Yield ``(module, names, line)`` for every import or cimport of a Cython file."""
    statement = re.compile(
        r"^\s*(?:from\s+(\.*)([\w.]*)\s+c?import\s+(.+)|c?import\s+([\w.]+))"
    )
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = statement.match(line)
        if match:
            dots, module, names, plain = match.groups()
            names = tuple(re.findall(r"\w+", names or ""))
            yield plain or absolute(path, module, len(dots)), names, number


def imports_of(path):
    return (python_imports if path.suffix == ".py" else cython_imports)(path)


def source_files(*suffixes):
    return sorted(path for path in PACKAGE.rglob("*") if path.suffix in suffixes)


def imported_parts(path):
    """Yield ``(part, line)`` for every part of the package a file imports."""
    for module, names, line in imports_of(path):
        if module == "sklstm":
            for name in names or ("__init__",):
                yield name, line
        elif module.startswith("sklstm."):
            yield module.split(".")[1], line


def complaints_about(path, *, part=None):
    """Every import of a file that is an arrow or a dependency it may not have."""
    part = part or part_of(path)
    outside = RUNTIME_DEPENDENCIES | OPTIONAL_DEPENDENCIES.get(part, set())
    if path.suffix != ".py":
        outside = KERNEL_DEPENDENCIES
    allowed = ARROWS.get(part, set()) | {part}
    for imported, line in imported_parts(path):
        if imported not in allowed and imported in ARROWS:
            yield f"line {line}: {part} must not import sklstm.{imported}"
        elif imported == "__init__" or imported not in ARROWS:
            # Names of sklstm/__init__.py: what is inside goes to the file itself.
            yield f"line {line}: import {imported} from the module that defines it"
    standard = sys.stdlib_module_names if path.suffix == ".py" else ()
    for module, _, line in imports_of(path):
        top = module.split(".")[0]
        if top != "sklstm" and top not in outside and top not in standard:
            yield f"line {line}: {module} is not a dependency of sklstm.{part}"


FILES = source_files(".py", ".pyx", ".pxd", ".pxi")


def file_id(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_imports_follow_the_arrows(path):
    assert part_of(path) in ARROWS, f"{path.name}: give this part its arrows, above"
    assert not list(complaints_about(path))


@pytest.mark.parametrize("path", source_files(".py"), ids=file_id)
def test_private_names_of_scikit_learn_enter_in_one_place(path):
    if part_of(path) == "_sklearn_compat":
        return
    private = [
        (line, module, name)
        for module, names, line in python_imports(path)
        if module.split(".")[0] == "sklearn"
        for name in (*module.split(".")[1:], *names)
        if name.startswith("_")
    ]
    assert not private, "import these through sklstm/_sklearn_compat.py"


@pytest.mark.parametrize(
    "path", [p for p in source_files(".py") if part_of(p) in BLAS_FREE], ids=file_id
)
def test_no_product_of_the_hot_path_runs_in_blas(path):
    products = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp | ast.AugAssign):
            if isinstance(node.op, ast.MatMult):
                products.append((node.lineno, "@"))
        elif isinstance(node, ast.Attribute) and node.attr in BLAS_CALLS:
            products.append((node.lineno, node.attr))
    assert not products, "bits would depend on batch and BLAS: use a kernel"


@pytest.mark.parametrize("path", source_files(".py"), ids=file_id)
def test_nothing_in_the_package_unpickles(path):
    loaders = {"pickle", "cloudpickle", "dill", "shelve", "marshal"}
    for module, names, line in python_imports(path):
        assert module.split(".")[0] not in loaders, f"line {line}"
        assert not (module == "joblib" and "load" in names), f"line {line}"
    assert "joblib.load(" not in path.read_text(encoding="utf-8")


def test_the_front_door_holds_names_and_no_code():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert docstring or isinstance(node, ast.ImportFrom | ast.Assign), (
            f"line {node.lineno}: sklstm/__init__.py is for public names only"
        )


def test_import_loads_nothing_that_is_optional():
    code = (
        "import sys, sklearn.utils.validation\n"
        "before = set(sys.modules)  # scikit-learn loads pandas where it is installed\n"
        "import sklstm\n"
        "slow = {'pandas', 'polars', 'torch', 'keras', 'matplotlib', 'onnx'}\n"
        "slow |= {'pooch', 'skops'}\n"
        "loaded = slow & (set(sys.modules) - before)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# The rules must bite: forbidden imports, written as a contributor would.


@pytest.mark.parametrize(
    "part, statement",
    [
        ("network", "from sklstm.estimators import LSTMClassifier"),
        ("network", "from ..training.losses import SquaredError"),
        ("network", "from .. import training"),
        ("training", "from .._kernels import lstm_forward"),
        ("sequences", "import sklstm.network"),
        ("estimators", "def f():\n    from .._kernels import lstm_forward"),
        ("training", "from sklstm import LSTMClassifier"),
        ("training", "import torch"),
        ("_threads", "from ._kernels import built_with_openmp"),
    ],
)
def test_a_forbidden_import_is_found(part, statement, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    folder = tmp_path if part.startswith("_t") else tmp_path / part
    folder.mkdir(exist_ok=True)
    (folder / "planted.py").write_text(statement + "\n", encoding="utf-8")
    assert list(complaints_about(folder / "planted.py", part=part))


@pytest.mark.parametrize(
    "statement",
    [
        "from scipy.linalg cimport cython_blas",
        "import numpy as np",
        "from ..network cimport layer",
    ],
)
def test_a_forbidden_import_of_a_kernel_is_found(statement, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "_kernels").mkdir()
    (tmp_path / "_kernels" / "planted.pyx").write_text(statement + "\n")
    assert list(complaints_about(tmp_path / "_kernels" / "planted.pyx"))
