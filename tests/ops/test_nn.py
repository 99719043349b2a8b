"""Losses, layers and dropout: against PyTorch where it is installed, their conventions, their bad input."""

import numpy as np
import pytest
import scipy.signal

import nbgrad as nb
from nbgrad import errors
from nbgrad.ops.random import _bits, _philox
from nbgrad.testing import values

RNG = np.random.default_rng(3)
LOGITS, IMAGES = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4, 3, 5))
CLASSES, WEIGHT = np.array([0, 3, 1, 1, 2, 0]), np.array([0.5, 2.0, 1.0, 0.25])
HOLES = np.array([0, 3, -100, 1, 2, -100])
SHARES = RNG.dirichlet(np.ones(4), 6)
PICTURES, KERNELS = RNG.normal(size=(2, 4, 7, 8)), RNG.normal(size=(3, 4, 2, 5))
TABLE = RNG.normal(size=(5, 3))


def agree(ours, theirs, *arrays, dtype="float64", tol=1e-12):
    """Values and gradients of two functions of arrays, ours and PyTorch's, are the same."""
    torch = pytest.importorskip("torch")
    arrays = [np.asarray(a, dtype) for a in arrays]
    xs = [torch.tensor(a, requires_grad=True) for a in arrays]
    want = theirs(torch.nn.functional, torch, *xs)
    v = np.random.default_rng(1).normal(size=tuple(want.shape)).astype(dtype)
    want.backward(torch.tensor(v))
    got, pullback = nb.vjp(ours, *arrays)
    assert values(got).dtype == dtype
    np.testing.assert_allclose(values(got), want.detach().numpy(), rtol=tol, atol=tol)
    for g, x in zip(pullback(v), xs, strict=True):
        assert values(g).dtype == dtype
        np.testing.assert_allclose(values(g), x.grad.numpy(), rtol=tol, atol=tol)


# what it is called: (ours, PyTorch's, arrays)
PAIRS = {
    **{
        f"cross_entropy, {reduction}, {options}": (
            lambda x, o=options, r=reduction: nb.cross_entropy(x, CLASSES, reduction=r, **o),
            lambda f, t, x, o=options, r=reduction: f.cross_entropy(
                x,
                t.tensor(CLASSES),
                t.tensor(o["weight"], dtype=x.dtype) if "weight" in o else None,
                reduction=r,
                **{k: v for k, v in o.items() if k != "weight"},
            ),
            (LOGITS,),
        )
        for reduction in ("mean", "sum", "none")
        for options in (
            {},
            {"label_smoothing": 0.1},
            {"ignore_index": 1},
            {"weight": WEIGHT},
            {"weight": WEIGHT, "ignore_index": 0, "label_smoothing": 0.2},
        )
    },
    "cross_entropy with holes": (
        lambda x: nb.cross_entropy(x, HOLES),
        lambda f, t, x: f.cross_entropy(x, t.tensor(HOLES)),
        (LOGITS,),
    ),
    "cross_entropy of images": (
        lambda x: nb.cross_entropy(x, IMAGES.argmax(1), 1, "none"),
        lambda f, t, x: f.cross_entropy(x, t.tensor(IMAGES.argmax(1)), reduction="none"),
        (IMAGES,),
    ),
    "cross_entropy with probabilities": (
        lambda x, p: nb.cross_entropy(x, p, weight=WEIGHT, label_smoothing=0.3),
        lambda f, t, x, p: f.cross_entropy(x, p, t.tensor(WEIGHT, dtype=x.dtype), label_smoothing=0.3),
        (LOGITS, SHARES),
    ),
    "mse": (nb.mse, lambda f, t, x, y: f.mse_loss(x, y), (LOGITS, SHARES)),
    "huber": (nb.huber, lambda f, t, x, y: f.huber_loss(x, y), (LOGITS, SHARES)),
    "huber, delta and sum": (
        lambda x, y: nb.huber(x, y, 0.3, "sum"),
        lambda f, t, x, y: f.huber_loss(x, y, "sum", 0.3),
        (LOGITS, SHARES),
    ),
    "layer_norm": (
        nb.layer_norm,
        lambda f, t, x: f.layer_norm(x, x.shape[-1:]),
        (IMAGES,),
    ),
    "layer_norm with weight and bias over two axes": (
        lambda x, w, b: nb.layer_norm(x, (-2, -1), w, b, eps=0.1),
        lambda f, t, x, w, b: f.layer_norm(x, x.shape[-2:], w, b, 0.1),
        (IMAGES, RNG.normal(size=(3, 5)), RNG.normal(size=(3, 5))),
    ),
    "layer_norm with a bias over a middle axis": (
        lambda x, b: nb.layer_norm(x, 1, bias=b),
        lambda f, t, x, b: f.layer_norm(x.swapaxes(1, 3), x.shape[1:2], bias=b).swapaxes(1, 3),
        (IMAGES, RNG.normal(size=4)),
    ),
    **{
        f"conv2d, {options}": (
            lambda x, w, b, o=options: nb.conv2d(x, w, b, **o),
            lambda f, t, x, w, b, o=options: f.conv2d(x, w, b, **o),
            (PICTURES, RNG.normal(size=(6, 4 // options.get("groups", 1), 3, 2)), RNG.normal(size=6)),
        )
        for options in (
            {},
            {"padding": "same", "dilation": (2, 1)},
            {"padding": "valid", "stride": 2},
            {"stride": (2, 3), "padding": (1, 2), "groups": 2},
            {"padding": 3, "stride": (1, 4), "dilation": 2},
        )
    },
    "conv2d of one image": (nb.conv2d, lambda f, t, x, w: f.conv2d(x, w), (PICTURES[0], KERNELS)),
    "conv2d with groups of one channel": (
        lambda x, w: nb.conv2d(x, w, groups=4, padding=1),
        lambda f, t, x, w: f.conv2d(x, w, groups=4, padding=1),
        (PICTURES, RNG.normal(size=(8, 1, 3, 3))),
    ),
    "conv1d": (
        lambda x, w, b: nb.conv1d(x, w, b, 2, 1, 3),
        lambda f, t, x, w, b: f.conv1d(x, w, b, 2, 1, 3),
        (PICTURES[:, 0], RNG.normal(size=(2, 7, 2)), RNG.normal(size=2)),
    ),
    "conv1d, same, without a batch": (
        lambda x, w: nb.conv1d(x, w, padding="same"),
        lambda f, t, x, w: f.conv1d(x, w, padding="same"),
        (PICTURES[0, 0], RNG.normal(size=(2, 7, 4))),
    ),
    **{
        f"max_pool2d, {options}": (
            lambda x, o=options: nb.max_pool2d(x, **o),
            lambda f, t, x, o=options: f.max_pool2d(x, **o),
            (PICTURES,),
        )
        for options in (
            {"kernel_size": 2},
            {"kernel_size": (3, 2), "stride": (1, 3), "padding": 1},
            {"kernel_size": 3, "stride": 2, "dilation": (3, 2), "padding": 1},
            {"kernel_size": 2, "stride": 3, "ceil_mode": True},
            {"kernel_size": 3, "stride": 5, "padding": 1, "ceil_mode": True},
        )
    },
    **{
        f"avg_pool2d, {options}": (
            lambda x, o=options: nb.avg_pool2d(x, **o),
            lambda f, t, x, o=options: f.avg_pool2d(x, **o),
            (PICTURES[0],),
        )
        for options in (
            {"kernel_size": 2},
            {"kernel_size": (3, 4), "stride": (1, 3), "padding": (1, 2)},
            {"kernel_size": (3, 4), "stride": 2, "padding": 1, "count_include_pad": False},
            {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True},
            {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        )
    },
    "embedding": (
        lambda w: nb.embedding([[0, 4], [4, 4]], w),
        lambda f, t, w: f.embedding(t.tensor([[0, 4], [4, 4]]), w),
        (TABLE,),
    ),
    "embedding with padding": (
        lambda w: nb.embedding([0, 4, 1, 4], w, padding_idx=-1),
        lambda f, t, w: f.embedding(t.tensor([0, 4, 1, 4]), w, padding_idx=-1),
        (TABLE,),
    ),
}


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # PyTorch's, for even kernels
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PAIRS)
def test_agrees_with_pytorch(name, dtype):
    ours, theirs, arrays = PAIRS[name]
    agree(ours, theirs, *arrays, dtype=dtype, tol=1e-12 if dtype == "float64" else 1e-5)


# -------------------------------------------------------------------------------------------------- bad input
BAD = {
    "cross_entropy, a class too large": (
        lambda: nb.cross_entropy(LOGITS, CLASSES + 1),
        errors.ValueRangeError,
        "cross_entropy: classes must lie from 0 to 3, got 1 to 4",
    ),
    "cross_entropy, classes of another shape": (
        lambda: nb.cross_entropy(IMAGES, np.zeros((2, 3, 5), int)),
        errors.ShapeError,
        r"cross_entropy: got shape \(2, 3, 5\).*classes need shape \(2, 4, 3\).*axis 3",
    ),
    "cross_entropy, weights of another shape": (
        lambda: nb.cross_entropy(LOGITS, CLASSES, weight=[1.0, 2.0]),
        errors.ShapeError,
        "one weight for each of 4 classes",
    ),
    "cross_entropy, booleans": (
        lambda: nb.cross_entropy(LOGITS, CLASSES > 1),
        errors.DtypeError,
        "classes must be integers, got dtype bool",
    ),
    "cross_entropy, smoothing": (
        lambda: nb.cross_entropy(LOGITS, CLASSES, label_smoothing=1.5),
        errors.ValueRangeError,
        "label_smoothing must lie from 0 to 1",
    ),
    "huber, delta": (
        lambda: nb.huber(1.0, 2.0, 0.0),
        errors.ValueRangeError,
        "huber: delta must be positive",
    ),
    "huber, reduction": (
        lambda: nb.huber(1.0, 2.0, reduction="max"),
        errors.ValueRangeError,
        "'mean', 'sum'",
    ),
    "layer_norm, weight": (
        lambda: nb.layer_norm(IMAGES, (1, 2), np.ones(3)),
        errors.ShapeError,
        r"layer_norm: got shape \(3,\), but weight needs shape \(4, 3\), that of x's axes \(1, 2\)",
    ),
    "layer_norm of a scalar": (lambda: nb.layer_norm(1.0, ()), errors.ShapeError, "at least one axis"),
    "layer_norm, axis": (lambda: nb.layer_norm(LOGITS, (4,)), errors.AxisError, "layer_norm: axis 4"),
    "layer_norm, eps": (lambda: nb.layer_norm(LOGITS, eps=-1.0), errors.ValueRangeError, "eps must not be"),
    "conv2d, channels": (
        lambda: nb.conv2d(PICTURES, KERNELS[:, :3]),
        errors.ShapeError,
        r"conv2d: x of shape \(2, 4, 7, 8\) and weight of shape \(3, 3, 2, 5\) do not fit with groups=1",
    ),
    "conv2d, groups": (lambda: nb.conv2d(PICTURES, KERNELS, groups=0), errors.ShapeError, "groups=0"),
    "conv2d, a kernel too large": (
        lambda: nb.conv2d(PICTURES, np.ones((1, 4, 8, 2)), padding=0),
        errors.ShapeError,
        "conv2d: a window that reaches over 8 elements does not fit in an axis of 7",
    ),
    "conv2d, a weight without channels": (
        lambda: nb.conv2d(PICTURES, np.ones((3, 3))),
        errors.ShapeError,
        r"weight needs shape \(out, in // groups, height, width\)",
    ),
    "conv2d, x": (lambda: nb.conv2d(np.ones(3), KERNELS), errors.ShapeError, "x needs shape"),
    "conv2d, bias": (
        lambda: nb.conv2d(PICTURES, KERNELS, np.ones(4)),
        errors.ShapeError,
        r"bias needs shape \(3,\)",
    ),
    "conv2d, padding in words": (
        lambda: nb.conv2d(PICTURES, KERNELS, padding="full"),
        errors.ValueRangeError,
        "conv2d: padding='full' is not one of 'same', 'valid'",
    ),
    "conv2d, same with a stride": (
        lambda: nb.conv2d(PICTURES, KERNELS, padding="same", stride=2),
        errors.ValueRangeError,
        "padding='same' needs stride 1",
    ),
    "conv2d, stride": (
        lambda: nb.conv2d(PICTURES, KERNELS, stride=(1, 0)),
        errors.ValueRangeError,
        r"conv2d: stride must be an integer from 1, or two of them, got \(1, 0\)",
    ),
    "conv2d, a stride of floats": (
        lambda: nb.conv2d(PICTURES, KERNELS, stride=1.5),
        errors.DtypeError,
        "conv2d: got float, but needs stride as an integer or two of them",
    ),
    "conv1d, weight": (
        lambda: nb.conv1d(PICTURES[0], KERNELS),
        errors.ShapeError,
        r"conv1d: got shape .*\(out, in // groups, length\)",
    ),
    "max_pool2d, padding": (
        lambda: nb.max_pool2d(PICTURES, 2, padding=2),
        errors.ValueRangeError,
        r"max_pool2d: padding \(2, 2\) is more than half of kernel_size \(2, 2\)",
    ),
    "max_pool2d, a kernel too large": (
        lambda: nb.max_pool2d(PICTURES, 9),
        errors.ShapeError,
        "max_pool2d: a window that reaches over 9 elements does not fit in an axis of 7",
    ),
    "avg_pool2d, kernel_size": (
        lambda: nb.avg_pool2d(PICTURES, (2, 2, 2)),
        errors.ValueRangeError,
        "avg_pool2d: kernel_size must be an integer from 1, or two of them",
    ),
    "avg_pool2d, a vector": (lambda: nb.avg_pool2d(np.ones(3), 2), errors.ShapeError, "height, width"),
    "embedding, outside": (
        lambda: nb.embedding([0, 5], TABLE),
        IndexError,
        "embedding: indices must lie from 0 to 4, the rows of the weight, got 0 to 5",
    ),
    "embedding, negative": (lambda: nb.embedding([-1], TABLE), IndexError, "Negative ones do not count"),
    "embedding, floats": (
        lambda: nb.embedding([0.0], TABLE),
        errors.DtypeError,
        "embedding: indices must be",
    ),
    "embedding, a scalar": (lambda: nb.embedding([0], 1.0), errors.ShapeError, "weight needs a row"),
    "embedding, padding": (
        lambda: nb.embedding([0], TABLE, 5),
        errors.ValueRangeError,
        "padding_idx=5 is not a row of a weight with 5 rows",
    ),
    "dropout, p": (lambda: nb.dropout(LOGITS, 1.5, key=1), errors.ValueRangeError, "p must lie from 0 to 1"),
    "dropout, no key": (
        lambda: nb.dropout(LOGITS),
        errors.DtypeError,
        r"needs key=.*key=\(seed, step, layer\)",
    ),
    "dropout, a key of floats": (lambda: nb.dropout(LOGITS, key=1.5), errors.DtypeError, "needs key="),
    "dropout, a negative key": (lambda: nb.dropout(LOGITS, key=-1), errors.ValueRangeError, "key=-1 must be"),
    "dropout, a key too large": (
        lambda: nb.dropout(LOGITS, key=2**64),
        errors.ValueRangeError,
        "2\\*\\*64 - 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    call, kind, words = BAD[name]
    with pytest.raises(kind, match=words):
        call()


# ------------------------------------------------------------------------------------------------ layer_norm
def test_layer_norm_does_not_cancel():
    x = RNG.normal(size=(3, 9000)).astype("float32") + np.float32(1e4)
    exact = x.astype("float64") - x.mean(1, keepdims=True, dtype="float64")
    exact /= np.sqrt((exact**2).mean(1, keepdims=True) + 1e-5)
    for y in (nb.layer_norm(x), nb.layer_norm(x.T, 0).T):
        np.testing.assert_allclose(values(y), exact, rtol=0, atol=1e4 * 5 * np.finfo("float32").eps)


def test_layer_norm_of_a_constant_row_is_flat():
    y, pullback = nb.vjp(lambda x: nb.layer_norm(x, eps=0.25), np.full((2, 4), 3.0))
    assert (values(y) == 0).all()
    np.testing.assert_allclose(values(pullback(np.eye(4)[:2])[0])[0], [1.5, -0.5, -0.5, -0.5])


def test_layer_norm_of_integers_and_mixed_dtypes():
    assert values(nb.layer_norm([[1, 2, 3]])).dtype == np.float64
    assert values(nb.layer_norm(np.ones((2, 3), "float32"))).dtype == np.float32
    assert values(nb.layer_norm(np.ones((2, 3), "float32"), weight=np.ones(3))).dtype == np.float64


# ----------------------------------------------------------------------------------------------- convolution
def test_conv2d_is_scipys_correlation():
    z = values(nb.conv2d(PICTURES[:, :1], KERNELS[:1, :1]))
    for got, x in zip(z, PICTURES, strict=True):
        np.testing.assert_allclose(got[0], scipy.signal.correlate(x[0], KERNELS[0, 0], "valid"), rtol=1e-12)


def test_conv2d_of_empty_batches_and_integers():
    assert nb.conv2d(PICTURES[:0], KERNELS).shape == (0, 3, 6, 4)
    gx, gw = nb.grad(lambda x, w: nb.sum(nb.conv2d(x, w)), (0, 1))(PICTURES[:0], KERNELS)
    assert gx.shape == (0, 4, 7, 8)
    assert (values(gw) == 0).all()
    z = nb.conv1d([[1, 2, 3]], [[[1, 1]]])
    assert z.dtype == np.float64
    assert values(z).tolist() == [[3, 5]]


# ------------------------------------------------------------------------------------------------- pooling
def test_ties_in_a_window_share_and_nan_stays():
    x = np.array([[1.0, 1.0, 0.0, np.nan], [0.0, 1.0, 5.0, 0.0]])
    y, pullback = nb.vjp(lambda x: nb.max_pool2d(x, 2), x)
    np.testing.assert_array_equal(values(y), [[1.0, np.nan]])
    g = values(pullback(np.array([[3.0, 1.0]]))[0])
    np.testing.assert_array_equal(g, [[1.0, 1.0, np.nan, np.nan], [0.0, 1.0, np.nan, np.nan]])
    assert np.isnan(values(nb.jvp(lambda x: nb.max_pool2d(x, 2), (x,), (np.ones_like(x),))[1])[0, 1])


def test_pools_of_empty_batches_and_integers():
    for pool in (nb.max_pool2d, nb.avg_pool2d):
        assert pool(PICTURES[:0], 2).shape == (0, 4, 3, 4)
        assert nb.grad(lambda x, p=pool: nb.sum(p(x, 2)))(PICTURES[:0]).shape == (0, 4, 7, 8)
        z = pool(np.array([[1, 2], [3, 6]]), 2)
        assert z.dtype == np.float64
        assert values(z) == (6 if pool is nb.max_pool2d else 3)


# ------------------------------------------------------------------------------------------------- embedding
def test_indices_may_change_after_the_call():
    indices, weight = np.array([0, 1]), nb.tensor(TABLE, requires_grad=True)
    z = nb.embedding(indices, weight)
    indices[:] = 4
    nb.sum(z).backward()
    assert values(weight.grad)[:, 0].tolist() == [1, 1, 0, 0, 0]


def test_padding_gets_no_tangent_either():
    _, t = nb.jvp(lambda w: nb.embedding([0, 2], w, padding_idx=2), (TABLE,), (np.ones_like(TABLE),))
    assert values(t).tolist() == [[1, 1, 1], [0, 0, 0]]


# --------------------------------------------------------------------------------------------------- dropout
@pytest.mark.parametrize(
    "counter, key, words",
    [
        ([0] * 4, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            0x299F31D0A4093822,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_numbers(counter, key, words):
    # Random123's known answers for philox4x32-10
    found = _philox(np.array(counter, np.uint64)[:, None], key)[:, 0]
    assert " ".join(f"{int(w):08x}" for w in found) == words


def test_bits_of_an_element_do_not_depend_on_the_size():
    assert (_bits(5000, 7)[:1500] == _bits(1500, 7)).all()


def test_the_mask_is_the_same_backwards_and_for_every_dtype():
    x = np.full(10001, 3.0)
    y, pullback = nb.vjp(lambda x: nb.dropout(x, 0.25, key=(1, 2)), x)
    kept = values(y) != 0
    assert abs(kept.mean() - 0.75) < 0.02
    assert (values(y)[kept] == 4.0).all()
    assert ((values(pullback(np.ones(10001))[0]) != 0) == kept).all()
    assert ((values(nb.dropout(x.astype("float32"), 0.25, key=(1, 2))) != 0) == kept).all()
    again = nb.grad(lambda x: nb.sum(nb.checkpoint(lambda x: nb.dropout(x, 0.25, key=(1, 2)))(x)))(x)
    assert ((values(again) != 0) == kept).all()


def test_keys_differ():
    x = np.ones(4096)
    masks = [values(nb.dropout(x, key=k)) != 0 for k in (0, 1, (0, 1), (1, 0), (1,), 2**63)]
    for i, a in enumerate(masks):
        for b in masks[:i]:
            assert 0.45 < (a == b).mean() < 0.55


def test_dropout_at_its_ends():
    x = nb.tensor(LOGITS, requires_grad=True)
    for y in (nb.dropout(x, 0.9, training=False), nb.dropout(x, 0.0)):
        assert y is not x
        np.testing.assert_array_equal(values(y), LOGITS)
    assert (values(nb.dropout(np.array([np.nan, np.inf]), 1.0, key=1)) == 0).all()
    assert values(nb.dropout(np.ones(3, int), 0.5, key=1)).dtype == np.float64
