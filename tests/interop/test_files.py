"""nb.save and nb.load: trees with their dtypes and bits, files of others, and what is broken or refused."""

import collections
import dataclasses
import importlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

import nbgrad as nb
from nbgrad import errors
from nbgrad.interop import files

Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass
class Layer:
    w: object
    name: str = "layer"
    calls: int = dataclasses.field(default=0, init=False)


@dataclasses.dataclass
class Other:
    v: object


try:
    importlib.import_module("safetensors")
    ENDS = ["npz", "safetensors"]
except ImportError:
    ENDS = ["npz"]
each_format = pytest.mark.parametrize("end", ENDS)
NUMBERS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
           "float64"]
NANS = np.array([0x7FF8000000000001, 0xFFF0000000000001, 0x8000000000000000, 1], np.uint64).view(np.float64)
SINGLE = np.array([0x7FC00001, 0xFF800001, 0x80000000, 1], np.uint32).view(np.float32)


def kept(tree, tmp_path, end="npz", types=()):
    nb.save(tmp_path / f"tree.{end}", tree)
    found = nb.load(tmp_path / f"tree.{end}", types)
    assert [p.name for p in tmp_path.iterdir()] == [f"tree.{end}"]
    return found


def same_bits(x, y):
    assert type(x) is type(y) and x.dtype == y.dtype and x.shape == y.shape
    assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


@each_format
@pytest.mark.parametrize("dtype", NUMBERS)
def test_tensors_arrays_and_scalars_of_every_dtype(dtype, end, tmp_path):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    tree = {"t": nb.asarray(x), "a": x, "s": x[1, 1], "zero": nb.asarray(x[0, 1]), "none": x[:, :0],
            "strided": nb.asarray(x).T, "turned": x.T, "part": x[:, ::2], "nothing": nb.asarray(x[:0])}
    found = kept(tree, tmp_path, end)
    assert list(found) == list(tree)
    for x, y in zip(found.values(), tree.values(), strict=True):
        same_bits(x, y)


@each_format
def test_bits_of_floats(end, tmp_path):
    tree = [nb.asarray(NANS), NANS, *NANS, *NANS.tolist(), SINGLE, float("inf"), 5e-324, 0.1]
    found = kept(tree, tmp_path, end)
    for x, y in zip(found, tree, strict=True):
        assert type(x) is type(y)
        assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


@each_format
def test_trees(end, tmp_path):
    tree = {"list": [1, True, None, "text \ud800 \x00 é", [], {}, ()], "tuple": (1.5, 2 - 3j, 10**5000, -7),
            3: {0: "a", (1, "b", None): "c", 2.5: "d", True: "e"}, "": nb.ones(2).size}
    assert kept(tree, tmp_path, end) == tree
    for leaf in (None, 3, "x", 1e300, [[[]]]):
        assert kept(leaf, tmp_path, end) == leaf


@each_format
def test_names_that_would_collide_or_are_odd(end, tmp_path):
    names = ["a.b", "a", "../up", "\x00", "", "structure.json", "value", "a.b_1", "é", "x\\y", "file"]
    tree = {"a": {"b": np.float64(0)}, **{f"{n}": np.float64(k) for k, n in enumerate(names) if n != "a"}}
    assert kept(tree, tmp_path, end) == tree


@each_format
def test_leaves_stay_leaves_and_the_rest_constants(end, tmp_path):
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    found, constant = kept([w, nb.ones(1)], tmp_path, end)
    assert found.requires_grad and found.is_leaf and found.grad is None and not constant.requires_grad
    (found * found).sum().backward()
    np.testing.assert_array_equal(found.grad, [2, 4])


@each_format
def test_classes_are_those_that_the_reader_gives(end, tmp_path):
    tree = {"pair": Pair(nb.ones(2), [Layer(np.ones(3), "first")])}
    found = kept(tree, tmp_path, end, [Pair, Layer])
    assert type(found["pair"]) is Pair and type(found["pair"].right[0]) is Layer
    np.testing.assert_array_equal(found["pair"].right[0].w, np.ones(3))
    assert found["pair"].right[0].name == "first" and found["pair"].right[0].calls == 0
    with pytest.raises(errors.FileError, match=r"the class Layer, which only you can give.*types=\[Layer\]"):
        nb.load(tmp_path / f"tree.{end}", [Pair])
    Other.__qualname__ = "Layer"
    with pytest.raises(errors.FileError, match="Layer with the fields w, name, but the class given has v"):
        nb.load(tmp_path / f"tree.{end}", [Pair, Other])


def test_views_and_what_is_loaded_can_be_written_to(tmp_path):
    found = kept({"t": nb.arange(6.0).reshape(2, 3)[:, 1], "a": np.zeros(2)}, tmp_path)
    np.testing.assert_array_equal(found["t"], [1, 4])
    found["t"][0] = 7
    found["a"][0] = 7
    assert found["t"][0].item() == found["a"][0] == 7


def test_other_dtypes_of_arrays(tmp_path):
    tree = [np.array([1 + 2j]), np.float16(0.1), np.array(["a", "bc"]), np.array([1, 2], ">i4"),
            np.datetime64("2020-01-01"), np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
            np.asfortranarray(np.eye(3, 2))]
    for x, y in zip(kept(tree, tmp_path), tree, strict=True):
        same_bits(x, y)


def test_opened_files_and_numpys_own(tmp_path):
    file = io.BytesIO()
    nb.save(file, {"w": nb.ones(2), "k": 3})
    file.seek(0)
    assert np.load(file, allow_pickle=False)["w"].tolist() == [1, 1]
    file.seek(0)
    assert nb.load(file)["k"] == 3
    np.savez(tmp_path / "own.npz", w=np.ones(2))
    assert nb.load(tmp_path / "own.npz")["w"].tolist() == [1, 1]


def test_the_state_of_an_optimizer(tmp_path):
    first = nb.optim.Adam(lr=0.1)
    x = first.update({"w": np.ones(2)}, {"w": np.ones(2)})
    x, state = kept((x, first.state_dict()), tmp_path)
    second = nb.optim.Adam()
    second.load_state_dict(state)
    g = {"w": np.array([0.5, -1.0])}
    np.testing.assert_array_equal(second.update(x, g)["w"], first.update(x, g)["w"])


def test_a_failed_save_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    nb.save(tmp_path / "a.npz", 1)

    def full(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="disk full"):
        nb.save(tmp_path / "a.npz", np.ones(2))
    assert nb.load(tmp_path / "a.npz") == 1 and len(list(tmp_path.iterdir())) == 1


def test_links_and_pipes_are_written_through(tmp_path):
    nb.save(tmp_path / "a.npz", 1)
    (tmp_path / "link.npz").symlink_to(tmp_path / "a.npz")
    nb.save(tmp_path / "link.npz", 2)
    assert (tmp_path / "link.npz").is_symlink() and nb.load(tmp_path / "a.npz") == 2
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    nb.save(tmp_path / "pipe", [nb.ones(2), 3])
    assert nb.load(io.BytesIO(os.read(reader, 10_000)))[1] == 3
    os.close(reader)
    with pytest.raises(IsADirectoryError):
        nb.save(tmp_path, 1)


def cyclic():
    x = []
    x.append(x)
    return x


@pytest.mark.parametrize("tree, message", [
    ({"a": [1, np.array([None])]}, "save: got ndarray of dtype object at a.1, which a file cannot keep"),
    ({"a": {1, 2}}, "save: got set at a, which"), (lambda: 1, "save: got function, which"),
    (b"bytes", "save: got bytes"), (np.ma.masked_array([1.0]), "save: got MaskedArray"),
    (collections.OrderedDict(), "save: got OrderedDict"), (Layer, "save: got type"),
    ({"a": {Layer: 1}}, "save: a dict at a has a key of type type"), (cyclic(), "save: the tree is nested"),
])
def test_what_cannot_be_kept(tree, message, tmp_path):
    with pytest.raises(errors.DtypeError, match=message):
        nb.save(tmp_path / "a.npz", tree)
    assert not list(tmp_path.iterdir())


def test_what_a_gradient_is_taken_through(tmp_path):
    def f(x):
        nb.save(tmp_path / "a.npz", [x])
        return x

    with pytest.raises(errors.TraceError, match="save"):
        nb.grad(f)(1.0)
    nb.grad(lambda x: [nb.save(tmp_path / "a.npz", [x.detach()]), x][1])(1.0)
    assert nb.load(tmp_path / "a.npz")[0].item() == 1


def archive(path, structure, **arrays):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(files.STRUCTURE, structure)
        for name, text in arrays.items():
            file.writestr(f"{name}.npy", text)


def test_broken_files(tmp_path):
    path = tmp_path / "a.npz"
    nb.save(path, {"w": nb.arange(100.0)})
    whole = path.read_bytes()
    at = whole.index(np.arange(100.0).tobytes()[8:80])
    for broken in (b"", b"nonsense", whole[:-30], whole[:300], whole[:at] + b"x" + whole[at + 1:]):
        path.write_bytes(broken)
        with pytest.raises(errors.FileError, match=r"load: .*a\.npz is not a file that nb\.save writes"):
            nb.load(path)
    deep = "[" * 100_000 + "]" * 100_000
    for structure in ("", "{", "3", "[]", json.dumps(["what", 1]), json.dumps(["array", "gone"]), deep,
                      json.dumps(["dict", [[["list", []], ["json", 1]]]]), json.dumps(["float", "12"]),
                      json.dumps(["int", "os.system"]), json.dumps(["class", 3])):
        archive(path, structure)
        with pytest.raises(errors.FileError, match="broken"):
            nb.load(path)
    with pytest.raises(FileNotFoundError):
        nb.load(tmp_path / "missing.npz")


def test_nothing_in_a_file_is_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("executed",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], object), allow_pickle=True)
    archive(tmp_path / "a.npz", json.dumps(["array", "x"]), x=buffer.getvalue())
    with pytest.raises(errors.FileError, match="allow_pickle=False"):
        nb.load(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(errors.FileError):
        nb.load(tmp_path / "b.npz")


def test_without_safetensors_the_error_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    for act in (lambda: nb.save(tmp_path / "a.safetensors", 1), lambda: nb.load(tmp_path / "a.safetensors")):
        with pytest.raises(errors.MissingPackageError, match=r"pip install 'nbgrad\[safetensors\]'"):
            act()


def test_safetensors_of_others_and_broken_ones(tmp_path):
    safe = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "a.safetensors"
    nb.save(path, {"w": nb.ones(2), "layers": [np.arange(3)]})
    assert safe.load_file(path)["layers.0"].tolist() == [0, 1, 2]
    safe.save_file({"w": np.ones((2, 3), np.float32)}, path)
    assert nb.load(path)["w"].shape == (2, 3)
    path.write_bytes(b"nonsense")
    with pytest.raises(errors.FileError, match="broken"):
        nb.load(path)
    for dtype in ("BF16", "F8_E4M3"):
        head = json.dumps({"w": {"dtype": dtype, "shape": [0], "data_offsets": [0, 0]}}).encode()
        path.write_bytes(len(head).to_bytes(8, "little") + head)
        with pytest.raises(errors.FileError, match="of a dtype that NumPy does not have"):
            nb.load(path)
    for x in (np.array(["a"]), np.ones(2, ">f8"), np.datetime64("2020-01-01")):
        with pytest.raises(errors.DtypeError, match="safetensors has no dtype"):
            nb.save(path, [x])
