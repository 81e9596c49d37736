"""The examples with pictures run where matplotlib is installed."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
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


def run_example(name, folder):
    """What an example prints; its pictures go into the folder.

    Where ``SKLSTM_DOCS`` names built documentation, its gallery has run all examples.
    """
    pytest.importorskip("matplotlib")
    if "SKLSTM_DOCS" in os.environ:
        return from_gallery(name, Path(os.environ["SKLSTM_DOCS"], "gallery"), folder)
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, "--save", folder],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "MPLBACKEND": "agg",
            "MPLCONFIGDIR": str(folder),
            "SKLSTM_SHARED_DATA": "",
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def from_gallery(name, gallery, folder):
    """What the page of an example shows as printed; its files are copied."""
    page = (gallery / name).with_suffix(".rst").read_text(encoding="utf-8")
    printed = re.findall(
        r"^ \.\. code-block:: none\n\n((?:    .*\n|\s*\n)+)", page, re.M
    )
    shutil.copytree(gallery / "saved" / Path(name).stem, folder, dirs_exist_ok=True)
    return "\n".join(map(textwrap.dedent, printed))


@pytest.mark.slow
def test_forecasts_beat_last_week_and_hold_their_intervals(tmp_path):
    printed = run_example("forecasting.py", tmp_path)
    (errors,) = [line for line in printed.splitlines() if "next day" in line]
    network, naive, *_ = (float(x) for x in re.findall(r"([\d.]+)%", errors))
    assert network < 0.75 * naive
    inside = float(re.search(r"intervals of 80 %: ([\d.]+)%", printed)[1])
    assert 75 < inside < 85
    pictures = sorted(path.stem for path in tmp_path.glob("*.png"))
    assert pictures == ["forecasting_backtest", "forecasting_weeks"]


@pytest.mark.slow
def test_translation_needs_attention_and_draws_it(tmp_path):
    printed = run_example("translation.py", tmp_path)
    shares = [float(share) for share in re.findall(r"([\d.]+)% of 500", printed)]
    greedy, _beam, greedy_without, _beam_without = shares
    assert greedy > 97
    assert greedy_without < 60
    assert [path.stem for path in tmp_path.glob("*.png")] == ["translation_attention"]


@pytest.mark.slow
def test_scenes_are_described_better_from_patches(tmp_path):
    printed = run_example("captioning.py", tmp_path)
    vector, patches = map(float, re.findall(r"([\d.]+)% of 1000", printed))
    assert vector > 60
    assert patches > 95
    assert [path.stem for path in tmp_path.glob("*.png")] == ["captioning_scenes"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "example, error, pictures",
    [
        ("speech", 12, ["speech_recognition_alignment", "speech_recognition_training"]),
        ("handwriting", 4, ["handwriting_recognition"]),
    ],
)
def test_transcripts_have_few_errors(tmp_path, example, error, pictures):
    printed = run_example(f"{example}_recognition.py", tmp_path)
    assert float(re.search(r"rate, test: ([\d.]+) %", printed)[1]) < error
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == pictures


@pytest.mark.slow
def test_slots_are_found_the_better_the_more_is_read(tmp_path):
    printed = run_example("slot_filling.py", tmp_path)
    scores = dict(
        re.findall(r"^(softmax|CRF|CRF, characters) +([\d.]+)", printed, re.M)
    )
    softmax, field, characters = (
        float(scores[way]) for way in ("softmax", "CRF", "CRF, characters")
    )
    assert 0.9 < softmax < field < characters
    assert characters > 0.98
    assert (tmp_path / "slot_filling.png").exists()


@pytest.mark.slow
def test_text_is_predicted_better_than_by_counting(tmp_path):
    printed = run_example("text_generation.py", tmp_path)
    bits = float(re.search(r"unseen text: ([\d.]+)", printed)[1])
    counted = [float(x) for x in re.findall(r"characters: ([\d.]+)", printed)]
    assert len(counted) == 3
    assert bits < min(counted)
    first, others = map(
        float, re.findall(r"([\d.]+) bits, others ([\d.]+)", printed)[0]
    )
    assert first > 1.3 * others
    assert [path.stem for path in tmp_path.glob("*.png")] == ["text_generation"]


@pytest.mark.slow
def test_symbols_know_which_keys_go_together(tmp_path):
    mido = pytest.importorskip("mido")
    printed = run_example("music_generation.py", tmp_path)
    nats = [
        float(x)
        for x in re.findall(r"(?:rules|vectors|symbols): ([\d.]+)$", printed, re.M)
    ]
    rules, vectors, symbols = nats
    assert rules < symbols < 1.3 * rules + 0.1
    assert symbols < vectors < 4
    assert "symbols: 100% of the frames" in printed
    song = mido.MidiFile(tmp_path / "music_generation_symbols.mid")
    notes = [message for message in song.tracks[0] if message.type == "note_on"]
    assert len(notes) > 50
    assert abs(song.length - 16) < 0.5


@pytest.mark.slow
def test_gated_cells_keep_what_is_marked_and_the_pictures_show_it(tmp_path):
    printed = run_example("inside_a_network.py", tmp_path)
    scores = dict(re.findall(r"^(\w+): R\^2 of (-?[\d.]+)", printed, re.M))
    assert float(scores["RNN"]) < 0.5
    assert min(float(scores["GRU"]), float(scores["LSTM"])) > 0.98
    at_marks, between = map(
        float, re.search(r"marks ([\d.]+), between ([\d.]+)", printed).groups()
    )
    assert at_marks > 3 * between
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == [
        f"inside_a_network_{name}" for name in ("gates", "gradients", "training")
    ]
