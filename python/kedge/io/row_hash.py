"""One 64-bit hash for each row, of its values alone: the same in any batch, partition or engine.

Equal numbers of one type have one hash (so have the two zeros, and all NaN); a dictionary's row has
that of its value.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

# 2^64 divided by the golden ratio, which no value is likely to be.
_NULL = np.uint64(0x9E3779B97F4A7C15)
# Makes the order of columns count (Steele, Vigna, "Computationally easy, spectrally good
# multipliers for congruential pseudorandom number generators", 2021).
_ODD = np.uint64(0xD1342543DE82EF95)


def row_hashes(batch: pa.RecordBatch) -> Hashes:
    """The hashes of the rows of a batch without structs, in order."""
    state = np.zeros(batch.num_rows, np.uint64)
    for column in batch.columns:
        bits = _bits(column)
        if column.null_count:
            bits = np.where(column.is_null().to_numpy(zero_copy_only=False), _NULL, bits)
        state = _mixed(state * _ODD + bits)
    return state


def one_zero(values: NDArray[Any]) -> NDArray[Any]:
    """The same floats, without a negative zero."""
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        same: NDArray[Any] = values + values.dtype.type(0)
    return same


def _mixed(bits: Hashes) -> Hashes:
    """The finisher of SplitMix64 (Steele, Lea, Flood, 2014): every bit reaches every other."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def _bits(column: pa.Array) -> Hashes:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _bits(column.dictionary_decode())
    if pa.types.is_floating(kind):
        values = one_zero(column.to_numpy(zero_copy_only=False)).astype(np.float64)
        values[np.isnan(values)] = np.nan
        return values.view(np.uint64)
    if pa.types.is_boolean(kind):
        return _bits(column.cast(pa.uint8()))
    if pa.types.is_temporal(kind):
        return _bits(column.view(pa.int32() if kind.bit_width == 32 else pa.int64()))
    if pa.types.is_integer(kind):
        wide = np.uint64 if pa.types.is_unsigned_integer(kind) else np.int64
        bits: Hashes = pc.fill_null(column, 0).to_numpy().astype(wide).view(np.uint64)
        return bits
    return _name_bits(column)


def _name_bits(column: pa.Array) -> Hashes:
    encoded = column.cast(pa.large_binary()).dictionary_encode()
    words = b"".join(
        blake2b(name, digest_size=8).digest() for name in encoded.dictionary.to_pylist()
    )
    if not words:
        return np.zeros(len(column), np.uint64)
    bits: Hashes = np.frombuffer(words, "<u8")[pc.fill_null(encoded.indices, 0).to_numpy()]
    return bits
