"""The list of mistakes to plant fits the sources; no mistake is planted here."""

from collections import Counter
from pathlib import Path

import planted_bugs
import pytest

TREE = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("planted_bugs.txt")
BUGS = list(planted_bugs.read_bugs(LIST))


def places():
    """Each mistake with the text of its file."""
    texts = {}
    for bug in BUGS:
        if bug.file not in texts:
            path = TREE / bug.file
            assert path.is_file(), f"{bug.name!r} is to be planted in no file: {path}"
            texts[bug.file] = path.read_text(encoding="utf-8")
        yield bug, texts[bug.file]


def test_every_mistake_has_one_place_in_the_sources():
    """A passage that was rewritten takes the mistake out of all later runs."""
    lost = []
    for bug, text in places():
        try:
            planted = bug.plant(text)
        except LookupError as error:
            lost.append(f"{bug.name}: {error}")
        else:
            if planted == text:
                lost.append(f"{bug.name}: it changes nothing")
    assert not lost, "\n".join(lost)


def test_every_mistake_of_the_list_is_read():
    """Without an empty line between, a mistake gets lost in the next paragraph."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    names = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    assert names == [bug.name for bug in BUGS]


def test_mistakes_in_python_can_be_compiled():
    for bug, text in places():
        if bug.file.endswith(".py"):
            try:
                compile(bug.plant(text), bug.file, "exec")
            except SyntaxError as error:
                pytest.fail(f"{bug.name!r} is no Python: {error}")


def test_every_mistake_has_a_name_of_its_own():
    repeated = [name for name, n in Counter(bug.name for bug in BUGS).items() if n > 1]
    assert not repeated


def test_the_tests_that_are_to_notice_are_there():
    for part in {part for bug in BUGS for part in bug.tests}:
        path, _, name = part.partition("::")
        assert (TREE / path).exists(), part
        if name:
            function = name.split("[")[0].split("::")[-1]
            assert f"def {function}(" in (TREE / path).read_text(encoding="utf-8"), part


@pytest.mark.parametrize(
    "word",
    ["ctc", "crf", "attention", "beam search"],
)
def test_mistakes_are_planted_in_every_kernel_of_sequence_outputs(word):
    files = {
        bug.file
        for bug in BUGS
        if word in bug.name.lower() or word.replace(" ", "_") in bug.file
    }
    kernels = ("sklstm/_kernels", "sklstm/decoding")
    assert any(file.startswith(kernels) for file in files)
