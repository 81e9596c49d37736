"""How much does `import sklstm` add to `import sklearn`? Fresh processes, in turn.

python benchmarks/import_time.py
"""

import statistics
import subprocess
import sys
import tempfile

from harness.machine import describe_machine

ROUNDS = 15
TIMER = (
    "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
)
STATEMENTS = ["import sklearn", "import sklearn; import sklstm"]


def seconds_of(statement, folder):
    """Time of one import statement in a process that starts in an empty folder."""
    done = subprocess.run(
        [sys.executable, "-c", TIMER.format(statement)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main():
    """Measure both statements in turn and print their medians."""
    found = {statement: [] for statement in STATEMENTS}
    with tempfile.TemporaryDirectory() as folder:
        for statement in STATEMENTS:  # untimed: compiles the .pyc files, fills caches
            seconds_of(statement, folder)
        for _ in range(ROUNDS):
            for statement in STATEMENTS:
                found[statement].append(seconds_of(statement, folder))
    without, together = (statistics.median(found[s]) * 1e3 for s in STATEMENTS)
    print(describe_machine()["processor"])
    print(f"import sklearn: {without:.0f} ms; sklstm adds {together - without:.0f} ms")


if __name__ == "__main__":
    main()
