"""What the README promises: two commands of one line, and an example that runs."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """The fenced code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


@pytest.mark.parametrize("number", [0, 1])
def test_first_two_shell_blocks_are_one_command_line(number):
    block = blocks("shell")[number]
    assert len(block.splitlines()) == 1
    assert "pip install" in block


def test_first_command_runs_the_quickstart_and_the_second_the_tests():
    first, second = blocks("shell")[:2]
    assert first.rstrip().endswith("examples/quickstart.py")
    assert second.rstrip().endswith("pytest")


def test_first_two_fenced_blocks_of_any_language_are_the_commands():
    languages = re.findall(r"^```(\w+)", README, flags=re.M)
    assert languages[:2] == ["shell", "shell"]


def test_example_has_at_most_15_lines_of_code():
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 15


def test_files_that_the_readme_links_to_exist():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [
        target
        for target in targets
        if "://" not in target and not (REPOSITORY / target).exists()
    ]
    assert targets
    assert not missing


@pytest.mark.slow
def test_example_runs_and_recognises_the_speakers(capsys):
    (example,) = blocks("python")
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    data, model = names["data"], names["model"]
    # One speaker in nine is 0.11; a broken network does not come near this.
    assert model.score(data.X_test, data.y_test) > 0.9
    assert len(capsys.readouterr().out.splitlines()) >= 3
