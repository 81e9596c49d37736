"""Fits that are killed with SIGKILL, at moments that nobody has chosen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fits_killed_at_twenty_random_moments_end_as_if_never_killed(tmp_path):
    script = FOLDER / "kill_and_go_on.py"
    path = os.pathsep.join([os.environ["PYTHONPATH"], str(FOLDER.parent)])
    done = subprocess.run(
        [sys.executable, script, tmp_path, "20", "0"],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["different"] == []
    # Some kills may come when a fit has just ended, or has not saved anything yet.
    assert counts["killed"] >= 12
    assert counts["gone_on"] >= 12
