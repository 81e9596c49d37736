"""Plants known mistakes one by one and shows that the tests find each of them.

    python tests/planted_bugs.py             all of them
    python tests/planted_bugs.py lstm ragged only those with one of these words
    python tests/planted_bugs.py --list      what there is

A test suite is itself a program and can be wrong in the quiet way: green on broken
code. So each mistake of ``planted_bugs.txt`` is written into a copy of the tree, the
one kernel module it touches is compiled again, and the tests that should notice are run
until one fails. The table names that test. The script fails if a mistake survives, if
its place in the source cannot be found any more, or if the unchanged copy is not green.
A mistake in a kernel takes about a quarter of a minute, others a few seconds.

The list: a line ``= tests`` says where to look from there on; a mistake is its name
behind ``#``, its file behind ``@`` (with the dtype whose module is compiled, float64 if
it says nothing), the lines of a passage that occurs once in the file behind ``-``, and
what they become behind ``+``.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from sklstm import _kernels

REPOSITORY = Path(__file__).resolve().parent.parent
COPIED = ("sklstm", "tests", "setup.py", "pyproject.toml", "README.md", "LICENSE")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "kernels.c")
COMPILED = (".pxi", ".pyx", ".h")
TIMEOUT = 600  # seconds; a hang is found, too

# Runs setup.py for some of its modules only.
BUILD = """
import runpy, setuptools, sys
wanted, sys.argv[1:] = set(sys.argv[1:]), ["build_ext", "--inplace"]
setup = setuptools.setup
def setup_some(*, ext_modules, **others):
    setup(ext_modules=[m for m in ext_modules if m.name in wanted], **others)
setuptools.setup = setup_some
runpy.run_path("setup.py")
"""


class Bug(NamedTuple):
    """One mistake.

    Attributes
    ----------
    name : str
        What is wrong.
    file : str
        Where, from the root of the repository.
    dtype : str
        The kernel module to compile, for a file of the kernels.
    old, new : str
        The passage and what it becomes.
    tests : tuple of str
        Where to look for a test that notices.
    """

    name: str
    file: str
    dtype: str
    old: str
    new: str
    tests: tuple

    def plant(self, text):
        """Return the text of the file with the mistake in it."""
        if text.count(self.old) != 1:
            raise LookupError(
                f"the passage occurs {text.count(self.old)} times in {self.file}:"
                f" {self.old!r}"
            )
        return text.replace(self.old, self.new)


def read_bugs(path):
    """Yield the mistakes of a list."""
    tests = ()
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        marked = {mark: [] for mark in "=#@-+"}
        for line in paragraph.strip("\n").splitlines():
            marked[line[0]].append(line[2:])
        if marked["="]:
            tests = tuple(marked["="][0].split())
        elif marked["#"]:
            file, dtype = [*marked["@"][0].split(), "float64"][:2]
            old, new = "\n".join(marked["-"]), "\n".join(marked["+"])
            yield Bug(marked["#"][0], file, dtype, old, new, tests)


class CopiedTree:
    """A copy of the repository with kernels for one instruction set.

    Parameters
    ----------
    folder : Path
        Where the copy is made; must be empty.
    isa : str
        A supported instruction set.
    """

    def __init__(self, folder, isa):
        self.folder, self.isa = folder, isa
        for name in COPIED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=NOT_COPIED)
            elif source.exists():
                shutil.copy(source, folder / name)
        self.build("runtime", f"float32_{isa}", f"float64_{isa}")
        modules = (folder / "sklstm" / "_kernels").glob("*.so")
        self._sound_modules = {path: path.read_bytes() for path in modules}

    def build(self, *modules):
        """Compile some modules of sklstm._kernels in place."""
        names = [f"sklstm._kernels.{module}" for module in modules]
        done = subprocess.run(
            [sys.executable, "-c", BUILD, *names],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the copy does not compile:\n{done.stderr[-3000:]}")

    def test(self, tests):
        """Run tests, in the order given, until one fails; return its name, or None."""
        for part in tests:
            red = self._test_one(part)
            if red:
                return red
        return None

    def _test_one(self, part):
        """Of one file, folder or test: pytest would put several into its own order."""
        environment = dict(os.environ, SKLSTM_ISA=self.isa, PYTHONDONTWRITEBYTECODE="1")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        # Expects a build for all instruction sets.
        command += ["--ignore", "tests/kernels/test_dispatch.py"]
        try:
            done = subprocess.run(
                [*command, part],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return "(hung)"
        if done.returncode == 0:
            return None
        if done.returncode < 0:
            return f"(crashed with signal {-done.returncode})"
        for line in done.stdout.splitlines():
            if line.startswith("FAILED "):
                return line.removeprefix("FAILED ").split(" - ")[0]
        raise RuntimeError(f"no test failed, pytest did:\n{done.stdout[-3000:]}")

    def find(self, bug):
        """Plant a mistake, test, and put everything back.

        Returns
        -------
        name : str or None
            The test that failed, None if none did.
        """
        path = self.folder / bug.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(bug.plant(sound), encoding="utf-8")
        try:
            if path.suffix in COMPILED:
                self.build(f"{bug.dtype}_{self.isa}")
            return self.test(bug.tests)
        finally:
            path.write_text(sound, encoding="utf-8")
            if path.suffix in COMPILED:
                for module, content in self._sound_modules.items():
                    module.write_bytes(content)


def main():
    """Parse the command line, plant, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only bugs with one of these in them")
    parser.add_argument("--list", action="store_true", help="list the bugs and stop")
    parser.add_argument("--isa", default=default_isa(), help="instruction set to build")
    arguments = parser.parse_args()
    bugs = [
        bug
        for bug in read_bugs(Path(__file__).with_suffix(".txt"))
        if not arguments.words or any(word in bug.name for word in arguments.words)
    ]
    if arguments.list:
        print(*(f"{bug.name:58} {bug.file}" for bug in bugs), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="planted_") as folder:
        return plant_all(bugs, CopiedTree(Path(folder), arguments.isa))


def default_isa():
    """The sound kernels compile fastest without AVX-512; but FMA must be there."""
    supported = _kernels.supported_isas()
    return "v3" if "v3" in supported else supported[-1]


def plant_all(bugs, tree):
    """Return the number of bugs that no test found."""
    red = tree.test(sorted({test for bug in bugs for test in bug.tests}))
    if red:
        print(f"The unchanged copy is not green, so nothing would be shown: {red}")
        return 1
    print(f"The unchanged copy is green ({tree.isa}). With one mistake each:\n")
    n_survived = 0
    for bug in bugs:
        began = time.perf_counter()
        try:
            red = tree.find(bug)
        except (LookupError, RuntimeError) as error:
            red, n_survived = f"CANNOT BE PLANTED: {error}", n_survived + 1
        else:
            n_survived += red is None
        seconds = time.perf_counter() - began
        print(f"{bug.name:58} {seconds:4.0f} s  {red or 'SURVIVED'}", flush=True)
    print(f"\n{len(bugs) - n_survived} of {len(bugs)} mistakes were found.")
    return n_survived


if __name__ == "__main__":
    sys.exit(min(main(), 1))
