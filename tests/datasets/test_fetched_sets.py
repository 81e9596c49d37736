"""Each data set is read as its authors wrote it: small files of the true format."""

import gzip
import hashlib
import inspect
import io
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat

from sklstm import datasets
from sklstm.datasets import (
    etth1,
    jsb_chorales,
    multi30k,
    pendigits,
    snips,
    tinyshakespeare,
    ud_english_ewt,
)

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

FETCHERS = [getattr(datasets, n) for n in datasets.__all__ if n.startswith("fetch_")]


@pytest.fixture
def put(publish, monkeypatch):
    """Let a module fetch small files in the place of its own."""

    def put_files(module, contents):
        if isinstance(contents, dict):
            files = {
                part: [publish(*pair) for pair in zip(old, contents[part], strict=True)]
                if isinstance(old, list)
                else publish(old, contents[part])
                for part, old in module.FILES.items()
            }
        else:
            files = [publish(*p) for p in zip(module.FILES, contents, strict=True)]
        monkeypatch.setattr(module, "FILES", files)

    return put_files


def test_tiny_shakespeare_is_cut_90_5_5(put):
    text = "".join(chr(97 + i % 26) for i in range(99)) + "é"
    put(tinyshakespeare, [text.encode("utf-8")])
    data = datasets.fetch_tinyshakespeare()
    assert data.text == text
    assert (data.train, data.valid, data.test) == (text[:90], text[90:95], text[95:])


ETTH1 = b"""date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT
2016-07-01 00:00:00,5.827000141143799,2.0,1.5,0.25,4.0,1.25,30.5310001373291
2016-07-01 01:00:00,5.5,2.25,1.75,0.5,4.25,1.5,27.75
"""


def test_etth1_has_loads_and_oil_temperature(put):
    put(etth1, [ETTH1])
    data = datasets.fetch_etth1()
    assert data.feature_names == ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"]
    assert data.target_names == ["OT"]
    assert_array_equal(
        data.data,
        [
            [5.827000141143799, 2.0, 1.5, 0.25, 4.0, 1.25],
            [5.5, 2.25, 1.75, 0.5, 4.25, 1.5],
        ],
    )
    assert_array_equal(data.target, [30.5310001373291, 27.75])
    assert_array_equal(
        data.dates.astype(str), ["2016-07-01T00:00:00", "2016-07-01T01:00:00"]
    )
    assert data.frame is None
    X, y = datasets.fetch_etth1(return_X_y=True)
    assert_array_equal(X, data.data)
    assert_array_equal(y, data.target)


def test_etth1_comes_as_a_frame(put):
    pandas = pytest.importorskip("pandas")
    put(etth1, [ETTH1])
    data = datasets.fetch_etth1(as_frame=True)
    assert data.frame.columns.tolist() == ["date", *data.feature_names, "OT"]
    assert data.frame["date"][1] == pandas.Timestamp("2016-07-01 01:00")
    assert data.data.columns.tolist() == ["date", *data.feature_names]
    X, y = datasets.fetch_etth1(as_frame=True, return_X_y=True)
    assert (y.name, len(X)) == ("OT", 2)


def test_chorales_are_zeros_and_ones(put):
    rng = np.random.RandomState(0)
    parts = {}
    for part, n in (("train", 3), ("valid", 2), ("test", 1)):
        cells = np.empty((1, n), dtype=object)
        for i in range(n):
            cells[0, i] = rng.randint(0, 2, (4 + i, 88)).astype(np.uint8)
        parts[f"{part}data"] = cells
    file = io.BytesIO()
    savemat(file, parts)
    put(jsb_chorales, [file.getvalue()])
    data = datasets.fetch_jsb_chorales()
    for part in ("train", "valid", "test"):
        rolls = parts[f"{part}data"][0]
        assert len(data[part]) == len(rolls)
        for roll, expected in zip(data[part], rolls, strict=True):
            assert roll.dtype == np.uint8
            assert_array_equal(roll, expected)
    assert data.lowest_pitch == 21


def test_translations_stand_beside_their_sources(publish, server, monkeypatch):
    sentences = {
        "en": ["a man sleeps .", "two\u00a0dogs run  over there .", "snow"],
        "fr": ["un homme dort .", "deux chiens\u2028courent .", "la neige"],
    }
    sums = {language: list(old) for language, old in multi30k.SHA256.items()}
    for language, lines in sentences.items():
        for k, part in enumerate(multi30k.PARTS):
            content = "\n".join(lines[k:] + lines[:k]).encode("utf-8") + b"\n"
            sums[language][k] = publish(
                multi30k._file(part, k, language), content
            ).sha256
    monkeypatch.setattr(multi30k, "SHA256", sums)
    data = datasets.fetch_multi30k(target="fr")
    assert data.X_train == [line.split() for line in sentences["en"]]
    assert data.y_train == [line.split() for line in sentences["fr"]]
    assert data.X_valid[0] == data.X_train[1]
    assert data.y_test[0] == ["la", "neige"]
    X, y = datasets.fetch_multi30k(
        source="fr", target="en", max_words=4, return_X_y=True, subset="valid"
    )
    assert X == [["la", "neige"], ["un", "homme", "dort", "."]]
    assert y == [["snow"], ["a", "man", "sleeps", "."]]


def test_only_the_part_that_is_returned_is_downloaded(put, server):
    files = [b"play it \n", b"O O \n", b"PlayMusic\n"]
    put(snips, dict.fromkeys(("train", "valid", "test"), files))
    datasets.fetch_snips(return_X_y=True, subset="valid")
    assert [path.split("/")[-2:] for path in server.requested] == [
        ["valid", "seq.in"],
        ["valid", "seq.out"],
        ["valid", "label"],
    ]


def test_requests_have_words_tags_and_intents(put):
    put(
        snips,
        {
            "train": [
                b"play some jazz \nrain in oslo \n",
                b"O O B-genre \nO O B-city \n",
                b"PlayMusic\nGetWeather\n",
            ],
            "valid": [b"stop \n", b"O \n", b"PlayMusic\n"],
            "test": [b"go \n", b"O \n", b"PlayMusic\n"],
        },
    )
    data = datasets.fetch_snips()
    assert data.X_train == [["play", "some", "jazz"], ["rain", "in", "oslo"]]
    assert data.y_train == [["O", "O", "B-genre"], ["O", "O", "B-city"]]
    assert data.intents_train.tolist() == ["PlayMusic", "GetWeather"]
    X, y = datasets.fetch_snips(return_X_y=True, subset="test")
    assert (X, y) == ([["go"]], [["O"]])


CONLLU = """# newdoc id = weblog-1
# sent_id = weblog-1-0001
# text = Don't go.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDo\tdo\tAUX\tVB\t_\t3\taux\t3:aux\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t3:advmod\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t0:root\tSpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t3:punct\t_

# text = He left and she.
1\tHe\the\tPRON\tPRP\t_\t2\tnsubj\t2:nsubj\t_
2\tleft\tleave\tVERB\tVBD\t_\t0\troot\t0:root\t_
2.1\tleft\tleave\tVERB\tVBD\t_\t_\t_\t0:root\tCopyOf=2
3\t#hash\t#hash\tNOUN\tNN\t_\t2\tobj\t2:obj\t_
"""


@pytest.mark.parametrize("end", ["", "\n"])
def test_words_of_the_treebank_are_those_with_a_number(put, end):
    text = (CONLLU + end).encode("utf-8")
    put(ud_english_ewt, dict.fromkeys(("train", "valid", "test"), text))
    data = datasets.fetch_ud_english_ewt()
    assert data.X_train == [["Do", "n't", "go", "."], ["He", "left", "#hash"]]
    assert data.y_train == [["AUX", "PART", "VERB", "PUNCT"], ["PRON", "VERB", "NOUN"]]
    assert data.X_test == data.X_train
    _, y = datasets.fetch_ud_english_ewt(tags="xpos", return_X_y=True, subset="valid")
    assert y == [["VB", "RB", "VB", "."], ["PRP", "VBD", "NN"]]


UNIPEN = """.INCLUDE\tdene.doc

.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY\tDIGIT

.SEGMENT DIGIT    0 ? "4"
.COMMENT 4 12  224
.PEN_DOWN
 267  333
 268 -336
.PEN_UP
.DT 100
.PEN_DOWN
 10  20
.PEN_UP
.DT 100

.SEGMENT DIGIT    3 ? "1"
.COMMENT 1  6  225
.PEN_DOWN
 1  2
.PEN_UP
.DT 100
"""


def test_digits_are_points_of_a_pen(put):
    put(pendigits, dict.fromkeys(("train", "test"), UNIPEN.encode("ascii")))
    data = datasets.fetch_pendigits()
    first, second = data.X_train
    assert first.dtype == np.float32
    assert_array_equal(first, [[267, 333, 1], [268, -336, 0], [10, 20, 1]])
    assert_array_equal(second, [[1, 2, 1]])
    assert_array_equal(data.y_train, [4, 1])
    assert_array_equal(data.writers_train, [12, 6])
    X, y = datasets.fetch_pendigits(return_X_y=True, subset="test")
    assert_array_equal(X[0], first)
    assert y.tolist() == [4, 1]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: datasets.fetch_pendigits(subset="valid"), "subset must be 'train' or"),
        (lambda: datasets.fetch_snips(subset="dev"), "subset must be 'train' or 'val"),
        (lambda: datasets.fetch_multi30k(subset="dev"), "subset must be"),
        (lambda: datasets.fetch_multi30k(target="it"), "target must be 'en' or 'de'"),
        (lambda: datasets.fetch_multi30k(max_words=0), "max_words must be an int"),
        (lambda: datasets.fetch_ud_english_ewt(tags="pos"), "tags must be 'upos' or"),
        (lambda: datasets.fetch_ud_english_ewt(subset="dev"), "subset must be"),
    ],
)
def test_choices_there_are_none_of_are_refused_before_downloading(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def all_files():
    """The real files of all sets."""
    for module in (etth1, jsb_chorales, tinyshakespeare):
        yield from module.FILES
    for files in snips.FILES.values():
        yield from files
    for module in (pendigits, ud_english_ewt):
        yield from module.FILES.values()
    for language in multi30k.SHA256:
        for k, part in enumerate(multi30k.PARTS):
            yield multi30k._file(part, k, language)


def test_every_file_is_pinned_by_commit_and_checksum():
    files = list(all_files())
    assert len(files) == 29
    assert len({file.url for file in files}) == len({f.sha256 for f in files}) == 29
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{40}", file.commit), file
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256), file
        assert file.url.startswith(
            f"https://raw.githubusercontent.com/{file.repository}/{file.commit}/"
        )


def test_checksums_are_those_of_copies_that_were_kept_unchanged(shared_data):
    for module, copy in (
        (tinyshakespeare, "text/tinyshakespeare.txt.gz"),
        (etth1, "forecast/ETTh1.csv.gz"),
    ):
        content = gzip.decompress((shared_data / copy).read_bytes())
        assert hashlib.sha256(content).hexdigest() == module.FILES[0].sha256


@pytest.mark.parametrize("fetch", FETCHERS, ids=lambda fetch: fetch.__name__)
def test_every_set_tells_its_terms_and_documents_its_parameters(fetch):
    module = inspect.getmodule(fetch)
    for words in (module.LICENSE, module.CITATION, "https://"):
        assert words in module.DESCR
    for name in inspect.signature(fetch).parameters:
        assert re.search(rf"\n{name} : ", fetch.__doc__), name
    assert "{" not in fetch.__doc__.replace('{"', "")
