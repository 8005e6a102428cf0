"""Pickles between our own processes: what they bring, what they leave outside, and what they must not mistake."""

import subprocess
import sys
import types
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from graphmeta import Edge, dump_trusted, load_trusted
from graphmeta._pickles._parts import has_parts, lay_out, split_parts

CELLS = np.arange(10_000, dtype=np.float32).reshape(100, 100)


@pytest.mark.parametrize("value", [None, True, 7, 2.5, "text", b"x" * 100_000, [1, {"a": (2,)}], Edge("A", "B")])
def test_what_is_importable_comes_back_equal_and_without_parts(value):
    data = dump_trusted(value)
    assert not has_parts(data)
    assert load_trusted(data) == value


@pytest.mark.parametrize("give", [bytes, bytearray])
@pytest.mark.parametrize("array", [CELLS, CELLS.T, CELLS[::2], CELLS[:2, :3], np.array(1.5), CELLS[:0]])
def test_arrays_come_back_alone_and_inside_others_and_can_be_written_to(array, give):
    first, second = load_trusted(give(dump_trusted([array, {"again": array}])))
    assert first is second["again"]
    np.testing.assert_array_equal(first, array)
    first += 1
    np.testing.assert_array_equal(first, array + 1)


def test_what_is_read_only_stays_so():
    array = CELLS.copy()
    array.flags.writeable = False
    assert not load_trusted(dump_trusted(array)).flags.writeable


def test_large_cells_lie_in_the_bytes_that_came_and_those_who_gave_them_keep_their_own():
    array = CELLS.copy()
    data = bytearray(dump_trusted(array))
    array[:] = 0
    loaded = load_trusted(data)
    np.testing.assert_array_equal(loaded, CELLS)
    assert np.shares_memory(loaded, np.frombuffer(data, np.uint8))


def test_classes_that_nobody_could_import_go_along():
    class Local:
        value = 3

    assert load_trusted(dump_trusted(Local())).value == 3
    assert load_trusted(dump_trusted(lambda: 4))() == 4
    assert load_trusted(dump_trusted(["large" * 20_000, Local()]))[1].value == 3


def test_modules_that_were_said_to_go_along_do(monkeypatch):
    module = types.ModuleType("only_here")
    monkeypatch.setitem(sys.modules, "only_here", module)
    exec("class Thing:\n    value = 5", module.__dict__)
    cloudpickle.register_pickle_by_value(module)
    try:
        data = dump_trusted(module.Thing())
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    monkeypatch.delitem(sys.modules, "only_here")
    assert load_trusted(data).value == 5


def test_a_class_of_one_main_module_is_not_taken_for_that_of_another(tmp_path: Path):
    program = "import sys\nfrom graphmeta import dump_trusted\nclass Thing:\n    value = 'theirs'\n"
    script = tmp_path / "main.py"
    script.write_text(program + "sys.stdout.buffer.write(dump_trusted([Thing(), Thing]))\n")
    data = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, check=True).stdout
    thing, cls = load_trusted(data)
    assert thing.value == "theirs"
    assert type(thing) is cls


def test_what_cannot_be_pickled_is_refused():
    with pytest.raises(TypeError):
        dump_trusted(each for each in ())


def test_parts_come_apart_as_they_were_put_together():
    parts = [b"", b"x", bytes(range(256)) * 3, b"end"]
    data = b"".join(lay_out(parts))
    assert has_parts(data)
    assert [bytes(part) for part in split_parts(data)] == parts
    for cut in range(len(data)):
        with pytest.raises(ValueError, match="parts are missing"):
            split_parts(data[:cut])
