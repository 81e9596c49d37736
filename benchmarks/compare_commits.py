"""Measure the kernels of two commits in turn: is the change faster, is it the same?

    python benchmarks/compare_commits.py main              # main against HEAD
    python benchmarks/compare_commits.py v0.1.0 my-branch --threads 2

Each commit is checked out into a temporary git worktree and built there (setuptools
and Cython must be installed: `pip install -e '.[dev]'`). Before the clock starts, both
compute the same networks; the last column says whether the bits agree. A ratio above 1
means that the second commit is faster.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from harness.cases import Case
from harness.machine import describe_machine
from harness.pool import Worker, measure_in_turn
from harness.tables import geometric_mean, markdown, milliseconds

REPOSITORY = Path(__file__).resolve().parent.parent
SHAPES = [(1, 100, 8, 32), (32, 100, 8, 64), (32, 50, 16, 128)]
CASES = [
    Case(section, cell, *shape)
    for section in ("inference", "training")
    for cell in ("lstm", "gru")
    for shape in SHAPES
]


def main():
    options = parse_arguments()
    machine = describe_machine()
    print(f"{machine['processor']}, {options.threads} of {machine['cores']} cores")
    with (
        tempfile.TemporaryDirectory() as folder,
        built(options.base, Path(folder) / "base") as base_path,
        built(options.head, Path(folder) / "head") as head_path,
    ):
        base = start_worker(options.base, base_path, options.threads)
        head = start_worker(options.head, head_path, options.threads)
        rows = [compare(base, head, case, options, Path(folder)) for case in CASES]
        base.close()
        head.close()
    ratios = [float(row[3]) for row in rows]
    rows.append(["geometric mean", "", "", f"{geometric_mean(ratios):.2f}", ""])
    header = ["case", f"{options.base} ms", f"{options.head} ms", "ratio", "outputs"]
    print(markdown(header, rows))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("head", nargs="?", default="HEAD", help="default: HEAD")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each commit")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a turn")
    return parser.parse_args()


@contextmanager
def built(commit, path):
    """The commit in a worktree of its own, compiled in place."""
    git = ["git", "-C", str(REPOSITORY), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(path), commit], check=True)
    try:
        print(f"building {commit}", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "setup.py", "build_ext", "--inplace"],
            cwd=path,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{commit} does not build:\n{done.stderr[-3000:]}")
        yield path
    finally:
        subprocess.run([*git, "remove", "--force", str(path)], check=True)


def start_worker(commit, path, n_threads):
    return Worker(commit, "peers.own", n_threads, {"PYTHONPATH": str(path)})


def compare(base, head, case, options, folder):
    """One row of the table."""
    agreement = compare_outputs(base, head, case, folder)
    old, new = measure_in_turn(
        [base, head],
        case,
        rounds=options.rounds,
        seconds=options.seconds,
        only="sklstm",
    )
    return [
        f"{case.section} {case.cell} {case.label}",
        milliseconds(old["seconds"]),
        milliseconds(new["seconds"]),
        f"{old['seconds'] / new['seconds']:.2f}",
        agreement,
    ]


def compare_outputs(base, head, case, folder):
    """Do both commits compute the same? Says so, or how far apart they are."""
    paths = [folder / "base.npz", folder / "head.npz"]
    for worker, path in zip((base, head), paths, strict=True):
        worker.ask("save_outputs", case=case.as_message(), path=str(path))
    with np.load(paths[0]) as old, np.load(paths[1]) as new:
        worst = max(
            np.abs(old[key] - new[key]).max() / np.abs(old[key]).max() for key in old
        )
    return "same bits" if worst == 0 else f"differ by {worst:.0e} of the largest"


if __name__ == "__main__":
    main()
