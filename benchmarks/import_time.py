"""How much does `import sklstm` add to `import sklearn`? Fresh processes, in turn.

python benchmarks/import_time.py
"""

import statistics
import subprocess
import sys
import tempfile

from harness.machine import describe_machine

ROUNDS = 15
TIMER = """
import time
start = time.perf_counter()
import sklearn
middle = time.perf_counter()
import sklstm
print(middle - start, time.perf_counter() - middle)
"""


def import_times(folder):
    """Both imports, one after the other, in a process started in an empty folder."""
    done = subprocess.run(
        [sys.executable, "-c", TIMER],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(seconds) for seconds in done.stdout.split()]


def main():
    """Print medians: the difference of two runs would drown in sklearn's noise."""
    with tempfile.TemporaryDirectory() as folder:
        import_times(folder)  # untimed: compiles the .pyc files, fills caches
        found = [import_times(folder) for _ in range(ROUNDS)]
    sklearn, sklstm = (
        statistics.median(part) * 1e3 for part in zip(*found, strict=True)
    )
    print(describe_machine()["processor"])
    print(f"import sklearn: {sklearn:.0f} ms; sklstm adds {sklstm:.0f} ms")


if __name__ == "__main__":
    main()
