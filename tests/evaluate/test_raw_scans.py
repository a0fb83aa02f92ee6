"""Ids of scans: they come from what a scan holds, and say nothing of its name."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from docpipe.evaluate.raw_scans import ids_of


def test_an_id_is_of_the_content_and_doubles_are_numbered(tmp_path):
    for name, content in (("a.png", b"one"), ("b.png", b"two"), ("c.png", b"one"), ("d.png", b"one")):
        (tmp_path / name).write_bytes(content)
    one, two = (sha256(content).hexdigest()[:12] for content in (b"one", b"two"))
    names = ["a.png", "b.png", "c.png", "d.png"]
    assert ids_of(tmp_path, names) == dict(zip(names, (one, two, f"{one}-2", f"{one}-3"), strict=True))


def test_a_scan_that_cannot_be_read_ends_nothing(tmp_path):
    assert ids_of(tmp_path, ["gone.png", "lost.png"]) == {"gone.png": "unread", "lost.png": "unread-2"}


@given(contents=st.lists(st.binary(max_size=3), max_size=8), names=st.permutations(range(8)))
def test_ids_are_the_same_under_other_names_and_each_is_there_once(tmp_path_factory, contents, names):
    folders = [tmp_path_factory.mktemp("scans") for _ in range(2)]
    files = [[f"{number}.png" for number in numbers[: len(contents)]] for numbers in (range(8), names)]
    for folder, named in zip(folders, files, strict=True):
        for file, content in zip(named, contents, strict=True):
            (folder / file).write_bytes(content)
    first, second = (list(ids_of(folder, named).values()) for folder, named in zip(folders, files, strict=True))
    assert first == second and len(set(first)) == len(contents)
