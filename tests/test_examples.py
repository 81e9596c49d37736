"""The examples with pictures run where matplotlib is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.mark.slow
def test_long_time_lags_prints_a_table_and_draws_three_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [
            sys.executable,
            EXAMPLES / "long_time_lags.py",
            "--only",
            "two sequences",
            "--save",
            tmp_path,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    (lstm,) = [line for line in done.stdout.splitlines() if "chrono" in line]
    assert "| none in" not in lstm
    pictures = sorted(path.stem for path in tmp_path.glob("*.png"))
    assert pictures == [
        f"long_time_lags_{k}" for k in ("counts", "curves", "sequences")
    ]
