"""Names that arrays have in NumPy or PyTorch and a Tensor has not, and what to do instead.

They are descriptors, not a __getattr__, which would make every attribute that is there slower to read.
"""

from __future__ import annotations

from typing import Any, NoReturn

from nbgrad.errors import protocol_errors

_OWN_OP = "nbgrad has no such op. Write it in ops that it has, or declare it by nb.elementwise or nb.op"
_FUNCTION = "it is a function, as in nb.sinc(x) or nb.gcd(x, y); in place, write x[...] = nb.sinc(x)"
_MEMORY = "where elements lie is nbgrad's own. x.detach().numpy() and DLPack give them to other libraries"
_DENSE = "all Tensors are dense, and none is quantised"
_DTYPES = "dtypes are bool, int8 to int64, uint8 to uint64, float32 and float64. Use x.astype"
_DEVICES = "devices are cpu and cuda. Use x.device and x.to('cuda')"
_VALUES = "it has no derivative. Use NumPy's on x.detach().numpy()"
_RECORD = "what is recorded is not open. Use nb.grad or nb.vjp for derivatives by any value"
_FACTORED = "factorisations are functions: nb.linalg.qr, lu_factor, lstsq, pinv, nb.cholesky, nb.solve"
_RANDOM = "draw by NumPy's generator, as in x.copy_(rng.normal(size=x.shape))"
_PARTS = "use nb.split(x, number, axis), or nb.split(x, places, axis)"
_WRITTEN = "write nb.setitem(x, index, v), or x[index] = v"
_SUMMED = "write beta * x + alpha * (a @ b)"
_WITHOUT_NAN = "use nb.where(nb.isnan(x), 0, x)"
_SORTED = "use nb.sort(x, axis), which leaves x as it is, and x.argsort(axis)"
_ALONE = "that is PyTorch's own, and a Tensor has nothing like it"

# what to do -> names
_ABSENT: dict[str, str] = {
    # NumPy's
    "write x[indices] = values":
        "put put_ index_fill index_fill_ fill_diagonal_ masked_scatter masked_scatter_",
    "use x[mask], or nb.take(x, places, axis)": "compress",
    "use nb.where": "choose",
    _SORTED: "sort partition argpartition msort topk kthvalue median nanmedian mode quantile nanquantile",
    "use x.ravel() to read; write x[i, j] = v": "flat",
    "x.is_contiguous() says how it lies; x[i] = v writes": "flags setflags",
    "use x.detach() for the values; to change a leaf, write `with nb.no_grad(): w -= step`": "data",
    "use x.reshape(...), or nb.pad; a Tensor keeps its shape in place": "resize resize_ unflatten",
    _VALUES: "dump dumps tofile getfield setfield byteswap angle type apply_ map_ map2_ histc",
    # places in memory, kinds of tensors, devices
    _MEMORY: "base ctypes data_ptr const_data_ptr storage storage_offset storage_type untyped_storage "
             "as_strided as_strided_ set_ is_set_to share_memory_ is_shared pin_memory is_pinned "
             "record_stream dim_order resize_as resize_as_ resize_as_sparse_ new_empty_strided unfold "
             "layout",
    _DENSE: "to_dense to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr "
            "to_mkldnn to_padded_tensor coalesce is_coalesced indices values crow_indices col_indices "
            "ccol_indices row_indices sparse_dim dense_dim sparse_mask sparse_resize_ "
            "sparse_resize_and_clear_ smm sspaddmm dequantize int_repr q_per_channel_axis "
            "q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme is_quantized "
            "is_sparse is_sparse_csr is_mkldnn is_nested is_meta",
    _DTYPES: "half bfloat16 cfloat cdouble chalf",
    _DEVICES: "xpu ipu mtia get_device is_xpu is_ipu is_mtia is_mps is_vulkan is_xla is_maia",
    _ALONE: "as_subclass module_load slice_inverse hash_tensor volatile name is_distributed is_inference "
            "reinforce",
    "use nb.asarray(data, dtype=x.dtype)": "new new_tensor",
    # in place, and gradients
    "a Tensor keeps its shape in place. Write x = x.T": "t_",
    "a Tensor keeps its shape in place. Write x = x.transpose(...)": "transpose_",
    "a Tensor keeps its shape in place. Write x = x.swapaxes(...)": "swapaxes_ swapdims_",
    "a Tensor keeps its shape in place. Write x = x.squeeze(...), or x = x.unsqueeze(...)":
        "squeeze_ unsqueeze_",
    _RANDOM: "bernoulli bernoulli_ cauchy_ exponential_ geometric_ log_normal_ multinomial normal_ random_ "
             "uniform_",
    _RECORD: "grad_fn grad_dtype output_nr register_hook register_post_accumulate_grad_hook retain_grad "
             "retains_grad",
    # parts and places
    _PARTS: "chunk split split_with_sizes tensor_split hsplit vsplit dsplit unsafe_chunk unsafe_split "
            "unsafe_split_with_sizes narrow_copy",
    _WRITTEN: "as_strided_scatter diagonal_scatter select_scatter slice_scatter index_reduce index_reduce_ "
              "scatter_reduce scatter_reduce_",
    "write x[index]": "index",
    "use nb.stack(nb.nonzero(x), -1)": "argwhere nonzero_static",
    "use nb.diag(x)": "diag_embed diagflat",
    "use nb.flip and nb.permute_dims": "rot90",
    "use nb.unique_values(x)": "unique unique_consecutive",
    # mathematics
    _SUMMED: "addmm addmm_ addmv addmv_ addbmm addbmm_ baddbmm baddbmm_ addr addr_",
    "write x + value * (a * b)": "addcmul addcmul_",
    "write x + value * (a / b)": "addcdiv addcdiv_",
    "write x + weight * (y - x)": "lerp lerp_",
    "use nb.min(x) and nb.max(x)": "aminmax",
    "use nb.norm(x - y)": "dist renorm renorm_",
    _WITHOUT_NAN: "nansum nanmean nan_to_num nan_to_num_",
    "use nb.mean(x, axis, keepdims=True) and @": "cov corrcoef",
    _FACTORED: "cholesky_inverse cholesky_solve eig geqrf lstsq lu lu_solve orgqr ormqr pinverse qr symeig "
               "triangular_solve solve",
    "use nb.svd(x, full_matrices=False), whose third is PyTorch's transposed": "svd",
    "use nb.slogdet(x)": "logdet",
    "use x.mT": "H",
    "write x * (nb.pi / 180)": "deg2rad deg2rad_",
    "write x * (180 / nb.pi)": "rad2deg rad2deg_",
    "write x - nb.trunc(x)": "frac frac_",
    "use nb.fmod(x, y), or x.remainder(y)": "fmod fmod_",
    "write nb.log(x / (1 - x))": "logit logit_",
    "write nb.isinf(x) & (x > 0), or (x < 0)": "isposinf isneginf",
    "write nb.isfinite(x) | True: all numbers are real": "isreal",
    "use nb.where(x < 0, slope * x, x)": "prelu",
    "write x.astype('float64') ** y": "float_power float_power_",
    _FUNCTION: "bincount copysign copysign_ fmax fmin frexp gcd gcd_ heaviside heaviside_ histogram i0 i0_ "
               "lcm lcm_ ldexp ldexp_ logaddexp2 nextafter nextafter_ sinc sinc_",
    _OWN_OP: "cross cummax cummin digamma digamma_ erfinv erfinv_ hardshrink igamma igamma_ igammac igammac_ "
             "istft lgamma lgamma_ logcumsumexp mvlgamma mvlgamma_ polygamma polygamma_ stft xlogy xlogy_",
}
WAYS: dict[str, str] = {name: way for way, names in _ABSENT.items() for name in names.split()}


class Absent:
    """In the place of an attribute: hasattr is False, and reading it says what to do instead."""

    __slots__ = ("name", "way")
    name: str
    way: str

    def __init__(self, name: str, way: str) -> None:
        self.name, self.way = name, way

    def __get__(self, instance: Any, owner: Any = None) -> NoReturn:
        raise protocol_errors.no_attribute(self.name, self.way)
