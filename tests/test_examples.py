"""The examples with pictures run where matplotlib is installed."""

import os
import re
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


@pytest.mark.slow
def test_forecasts_beat_last_week_and_hold_their_intervals(tmp_path):
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "forecasting.py", "--save", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "MPLBACKEND": "agg",
            "MPLCONFIGDIR": str(tmp_path),
            "SKLSTM_SHARED_DATA": "",
        },
    )
    assert done.returncode == 0, done.stderr
    (errors,) = [line for line in done.stdout.splitlines() if "next day" in line]
    network, naive, *_ = (float(x) for x in re.findall(r"([\d.]+)%", errors))
    assert network < 0.75 * naive
    inside = float(re.search(r"intervals of 80 %: ([\d.]+)%", done.stdout)[1])
    assert 75 < inside < 85
    pictures = sorted(path.stem for path in tmp_path.glob("*.png"))
    assert pictures == ["forecasting_backtest", "forecasting_weeks"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "example, error, pictures",
    [
        ("speech", 12, ["speech_recognition_alignment", "speech_recognition_training"]),
        ("handwriting", 4, ["handwriting_recognition"]),
    ],
)
def test_transcripts_have_few_errors(tmp_path, example, error, pictures):
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{example}_recognition.py", "--save", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"rate, test: ([\d.]+) %", done.stdout)[1]) < error
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == pictures
