"""A `.kedge` file read and scored as docs/formats.md says, with nothing of ours: slow and plain."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

Z = float(np.float32(1e-35))
CUT_TABLES = np.dtype([("feature", "<u4"), ("kind", "<u4"), ("first", "<u4"), ("cuts", "<u4")])
SLOTS = np.dtype([("table", "<u4"), ("rule", "<u4")])
NODES = np.dtype([("slot", "<u4"), ("test", "<u4"), ("left", "<i4"), ("right", "<i4")])
TREES = np.dtype([("node", "<u8"), ("leaf", "<u8"), ("nodes", "<u4"), ("output", "<u4")])
LINEAR = np.dtype([("constant", "<f8"), ("first", "<u8"), ("terms", "<u8")])
TERMS = np.dtype([("coefficient", "<f8"), ("feature", "<u4"), ("zero", "<u4")])


def crc32c(data: bytes) -> int:
    """Castagnoli's polynomial, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sections_of(data: bytes) -> dict[str, bytes]:
    """The sections by name; every byte of the file is looked at."""
    mark, checksum, version, count, size, zero = struct.unpack_from("<8sIIIQI", data)
    contents = 32 + 32 * count
    assert (mark, version, size, zero) == (b"KEDGEBDL", 1, len(data), 0)
    assert checksum == crc32c(data[12:contents])
    found, end = {}, contents
    for i in range(count):
        name, offset, length, crc, zero = struct.unpack_from("<8sQQII", data, 32 + 32 * i)
        assert offset == -(-end // 64) * 64
        assert not any(data[end:offset])
        assert zero == 0
        end = offset + length
        found[name.rstrip(b"\0").decode()] = data[offset:end]
        assert crc == crc32c(data[offset:end])
    assert size == -(-end // 64) * 64
    assert not any(data[end:])
    return found


class Reader:
    """Numbers and strings, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> Any:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def varint(self) -> int:
        number, shift = 0, 0
        while True:
            byte = self.take("B")
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    def string(self) -> str:
        length = self.varint()
        self.at += length
        return self.data[self.at - length : self.at].decode()


@dataclass
class Feature:
    name: str
    kind: int
    categories: list[str]


class ModelFile:
    """What the file says; `raw` scores a row of float64."""

    def __init__(self, data: bytes) -> None:
        parts = sections_of(data)
        assert list(parts) == [
            *("schema", "scoring", "tables", "cuts", "slots", "nodes", "trees", "leaves", "bits"),
            *("linear", "terms", *(["covers"] if "covers" in parts else [])),
            *("golden", "about", "profile"),
        ]
        schema = Reader(parts["schema"])
        self.origin = schema.string()
        self.features = []
        for _ in range(schema.varint()):
            name, kind = schema.string(), schema.take("B")
            names = [schema.string() for _ in range(schema.varint())]
            self.features.append(Feature(name, kind, names))
        self._read_scoring(Reader(parts["scoring"]))
        self.tables = np.frombuffer(parts["tables"], CUT_TABLES)
        self.cuts = np.frombuffer(parts["cuts"], "<f8")
        self.slots = np.frombuffer(parts["slots"], SLOTS)
        self.nodes = np.frombuffer(parts["nodes"], NODES)
        self.trees = np.frombuffer(parts["trees"], TREES)
        self.leaves = np.frombuffer(parts["leaves"], "<f8").reshape(-1, self.width)
        self.bits = np.frombuffer(parts["bits"], "<u4")
        self.linear = np.frombuffer(parts["linear"], LINEAR)
        self.terms = np.frombuffer(parts["terms"], TERMS)
        is_float = len(parts.get("covers", b"")) == 4 * len(self.leaves)
        self.covers = np.frombuffer(parts.get("covers", b""), "<f4" if is_float else "<f8")
        rows = int(np.frombuffer(parts["golden"][:8], "<u8")[0])
        values = np.frombuffer(parts["golden"][8:], "<f8")
        width = len(self.features)
        self.golden_rows = values[: rows * width].reshape(rows, width)
        self.golden_raw = values[rows * width :].reshape(rows, self.outputs)
        about = Reader(parts["about"])
        self.parity = about.take("QQd")
        self.metadata = {about.string(): about.string() for _ in range(about.varint())}
        self.profile = parts["profile"]

    def _read_scoring(self, scoring: Reader) -> None:
        self.narrow_values, self.narrow_sums, self.category_rule, self.link = scoring.take("4B")
        self.outputs, self.width = scoring.take("II")
        self.link_scale, self.divisor, self.scale, self.sum_of = scoring.take("4d")
        self.start = [scoring.take("d") for _ in range(self.outputs)]
        self.bias = [scoring.take("d") for _ in range(self.outputs)]
        assert scoring.at == len(scoring.data)

    def _category(self, cuts: np.ndarray, value: float) -> int:
        if math.isnan(value):
            return len(cuts) + 1
        is_out = value <= -1 if self.category_rule == 0 else value < 0
        if is_out or value >= 2**31 or (self.category_rule == 2 and value != math.trunc(value)):
            return len(cuts)
        found = np.flatnonzero(cuts == math.trunc(value))
        return int(found[0]) if len(found) else len(cuts)

    def _code(self, slot: int, row: np.ndarray) -> int:
        table, rule = self.tables[self.slots["table"][slot]], self.slots["rule"][slot]
        cuts = self.cuts[table["first"] :][: table["cuts"]]
        value = float(row[table["feature"]])
        if rule == 5:
            return self._category(cuts, value)
        if math.isnan(value) or (rule in (3, 4) and abs(value) <= Z):
            if rule != 2:
                return len(cuts) if rule in (1, 4) else 0
            value = 0.0
        return int((value >= cuts).sum())

    def _leaf(self, tree: np.void, row: np.ndarray) -> int:
        at = 0 if tree["nodes"] else -1
        while at >= 0:
            node = self.nodes[int(tree["node"]) + at]
            code, test = self._code(node["slot"], row), int(node["test"])
            if self.slots["rule"][node["slot"]] == 5:
                goes_right = self.bits[test + code // 32] >> (code % 32) & 1
            else:
                goes_right = code > test
            at = int(node["right"] if goes_right else node["left"])
        return int(tree["leaf"]) - 1 - at

    def _values(self, leaf: int, row: np.ndarray) -> np.ndarray:
        if not len(self.linear):
            return self.leaves[leaf]
        one = self.linear[leaf]
        total = float(one["constant"])
        for term in self.terms[int(one["first"]) :][: int(one["terms"])]:
            value = float(row[term["feature"]])
            if math.isnan(value):
                return self.leaves[leaf]
            total += float(term["coefficient"]) * (value if abs(value) > Z else 0.0)
        return np.array([total])

    def raw(self, row: np.ndarray) -> list[float]:
        """The raw scores of a row, before the link."""
        kind = np.float32 if self.narrow_sums else np.float64
        if self.narrow_values:
            row = row.astype(np.float32).astype(np.float64)
        sums = np.array(self.start, kind)
        for tree in self.trees:
            output = int(tree["output"])
            values = self._values(self._leaf(tree, row), row)
            sums[output : output + self.width] += values.astype(kind)
        sums = sums / kind(self.divisor) * kind(self.scale)
        bias = np.array(self.bias, kind)
        return np.where(bias == 0, sums, sums + bias).astype(np.float64).tolist()
