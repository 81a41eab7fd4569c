"""Linear models and dense nets of float32 and in int8, scored by kedge and by runtimes for nets.

    python -m bench.score.bench_dense [--json] [--quick] [--rows N] [--rounds R] [--only PART]
                                      [--peers-dir DIR]

dense/<widths>/one: 512 calls from Python, each with another row; median and p99 are of calls, clock
    included.
dense/<widths>/batch: `--rows` rows in one call.
dense-int8/...: the same in int8, calibrated on rows of the same kind; floats come in and go out.

Widths: 28-1, 28-64-32-1, 100-256-128-5 and 784-512-256-10, max(x, 0) between the layers, random
weights, written as ONNX. Peers: ONNX Runtime and OpenVINO on that file (in int8 on what ONNX
Runtime's quantiser makes of it), LiteRT with XNNPACK on a .tflite of the same layers, and numpy
(`x @ w + b`), each on one thread; who is not installed sits out and is named. "litert bytes" is
given int8 and gives int8: its caller has quantised the rows, which is not timed.

The peers are those installed here, or in DIR/nets, which `python -m bench.environments DIR nets`
makes: they are imported into this process, since a call takes less time than a way there.

Predictions must be those in float64 to 1e-5 of the largest: everybody adds up floats in an order of
its own; in int8 to a tenth. Seeded; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import site
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kedge
from bench.environments import add_peers_dir
from bench.peers import MissingPeer, installed
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from bench.score.litert import Layer, Scale, Values, litert_call, ranges_of

_ONES = 512
_TOLERANCE = 1e-5
_INT8_TOLERANCE = 0.1
_CALIBRATION_ROWS = 1000

SHAPES: Sequence[Sequence[int]] = (
    (28, 1),
    (28, 64, 32, 1),
    (100, 256, 128, 5),
    (784, 512, 256, 10),
)

Call = Callable[[Any], Any]


@dataclass(frozen=True)
class Answer:
    """Predictions of all rows, and how long each call took."""

    values: Values
    taken_ns: Sequence[int]


def name_of(widths: Sequence[int]) -> str:
    """What the works call a net."""
    return "-".join(map(str, widths))


def draw(rows: int, columns: int) -> Values:
    """Rows of normal numbers."""
    return np.random.default_rng([2024, columns]).normal(size=(rows, columns)).astype(np.float32)


def layers_of(widths: Sequence[int]) -> list[Layer]:
    """Weights, a row of outputs for each input, and biases."""
    rng = np.random.default_rng([2024, *widths])
    return [
        (
            (rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)).astype(np.float32),
            rng.normal(size=outputs).astype(np.float32),
        )
        for inputs, outputs in itertools.pairwise(widths)
    ]


def plain(layers: Sequence[Layer], rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The net in numpy, in the precision of its rows."""
    for i, (weights, bias) in enumerate(layers):
        rows = rows @ weights.astype(rows.dtype, copy=False) + bias
        if i + 1 < len(layers):
            rows = np.maximum(rows, 0)
    return rows


def to_onnx(layers: Sequence[Layer]) -> bytes:
    """The net as an ONNX file.

    Raises:
        MissingPeer: the onnx package is not installed.
    """
    onnx = _module("onnx")
    helper, to_tensor = onnx.helper, _module("onnx.numpy_helper").from_array
    nodes: list[Any] = []
    constants: list[Any] = []
    name = "x"
    for i, (weights, bias) in enumerate(layers):
        constants += [to_tensor(weights, f"w{i}"), to_tensor(bias, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"y{i}"]))
        name = f"y{i}"
        if i + 1 < len(layers):
            nodes.append(helper.make_node("Relu", [name], [f"z{i}"]))
            name = f"z{i}"
    ends = [("x", layers[0][0].shape[0]), (name, layers[-1][0].shape[1])]
    x, y = (
        helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, [None, width])
        for end, width in ends
    )
    graph = helper.make_graph(nodes, "net", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def onnxruntime_call(data: bytes) -> tuple[str, Call]:
    """ONNX Runtime, and its version."""
    runtime = _module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    wanted = [session.get_outputs()[0].name]
    return runtime.__version__, lambda rows: session.run(wanted, {"x": rows})[0]


def to_int8(data: bytes) -> bytes:
    """What ONNX Runtime's quantiser makes of a file: QDQ, a scale for each output."""
    onnx, tools = _module("onnx"), _module("onnxruntime.quantization")
    model = onnx.load_from_string(data)
    columns = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    rows = iter([{"x": draw(_CALIBRATION_ROWS, columns)}])
    reader = type(
        "Reader", (tools.CalibrationDataReader,), {"get_next": lambda _: next(rows, None)}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        tools.quantize_static(
            model, path, reader(), per_channel=True, activation_type=tools.QuantType.QUInt8
        )
        return path.read_bytes()


def openvino_call(data: bytes) -> tuple[str, Call]:
    """OpenVINO, told to keep to float32 where the file has floats, and its version."""
    core = _module("openvino").Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(data), "CPU", settings).create_infer_request()
    return version("openvino"), lambda rows: request.infer([rows])[0]


def contender(
    engine: str, release: str, call: Call, inputs: Sequence[Any], scale: Scale | None = None
) -> Contender[Answer]:
    """An engine at work: a call for each input; the scale is that of bytes that come out."""

    def run() -> Answer:
        found, taken = [], []
        for rows in inputs:
            start = time.perf_counter_ns()
            values = call(rows)
            taken.append(time.perf_counter_ns() - start)
            floats = np.array(values) if scale is None else scale.to_floats(values)
            found.append(floats.reshape(len(rows), -1))
        return Answer(np.concatenate(found), taken)

    return Contender(engine, release, run, lambda answer: answer.taken_ns)


def judge(engine: str, answer: Answer, expected: Answer, most: float = _TOLERANCE) -> str:
    """Predictions must be the expected ones, within what sums of floats are, or `most`."""
    if answer.values.shape != expected.values.shape:
        return f"values are {answer.values.shape}, expected {expected.values.shape}"
    tolerance = most * float(np.abs(expected.values).max())
    off = float(np.abs(answer.values - expected.values).max())
    return f"{engine} is off by {off:g}, tolerance {tolerance:g}" if not off <= tolerance else ""


def peers_of(layers: Sequence[Layer], data: bytes, inputs: Sequence[Values]) -> list[Any]:
    """Who scores the net in float32."""

    def of(engine: str, make: Callable[[], tuple[str, Call]]) -> Contender[Answer]:
        return contender(engine, *make(), inputs)

    return installed(
        partial(of, "onnxruntime", lambda: onnxruntime_call(data)),
        partial(of, "litert", lambda: litert_call(layers, len(inputs[0]))),
        partial(of, "numpy", lambda: (version("numpy"), partial(plain, layers))),
        partial(of, "openvino", lambda: openvino_call(data)),
    )


def int8_peers_of(layers: Sequence[Layer], data: bytes, inputs: Sequence[Values]) -> list[Any]:
    """Who scores the net in int8."""
    quantized = to_int8(data)
    scales = ranges_of(layers, draw(_CALIBRATION_ROWS, inputs[0].shape[1]))
    rows = len(inputs[0])

    def of(engine: str, make: Callable[[], tuple[str, Call]]) -> Contender[Answer]:
        return contender(engine, *make(), inputs)

    def of_bytes() -> Contender[Answer]:
        release, call = litert_call(layers, rows, scales, is_bytes=True)
        data = [scales[0].to_bytes(values) for values in inputs]
        return contender("litert bytes", release, call, data, scales[-1])

    return installed(
        partial(of, "onnxruntime", lambda: onnxruntime_call(quantized)),
        partial(of, "litert", lambda: litert_call(layers, rows, scales)),
        of_bytes,
        partial(of, "openvino", lambda: openvino_call(quantized)),
    )


def race(work: str, widths: Sequence[int], rows: int, *, is_int8: bool) -> Race[Answer]:
    """Score `rows` rows in one call, or, for one, many rows by a call each.

    Raises:
        MissingPeer: the onnx package is not installed.
    """
    layers = layers_of(widths)
    data = to_onnx(layers)
    table = draw(_ONES if rows == 1 else rows, widths[0])
    inputs = [table[i : i + rows] for i in range(0, len(table), rows)]
    if is_int8:
        sample = draw(_CALIBRATION_ROWS, widths[0])
        model = kedge.compile(data, quantize="int8", reference=sample)
    else:
        model = kedge.compile(data)
    ours = contender("kedge", version("kedge"), model.predict, inputs)
    expected = Answer(plain(layers, table.astype(np.float64)), [])
    if is_int8:
        peers = int8_peers_of(layers, data, inputs)
        return Race(work, rows, ours, peers, partial(judge, most=_INT8_TOLERANCE), expected)
    return Race(work, rows, ours, peers_of(layers, data, inputs), judge, expected)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPeer(f"{name} is not installed and sits out") from error


def plan(options: argparse.Namespace) -> list[Planned]:
    """Every work's name and what makes its race."""
    works: list[Planned] = []
    for what, is_int8 in (("dense", False), ("dense-int8", True)):
        for widths in SHAPES[:2] if options.quick else SHAPES:
            for kind, rows in (("one", 1), ("batch", options.rows)):
                work = f"{what}/{name_of(widths)}/{kind}"
                works.append((work, partial(race, work, widths, rows, is_int8=is_int8)))
    return works


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.score.bench_dense", __doc__, rows=1024)
    command.add_argument("--quick", action="store_true", help="the two smallest nets, 5 rounds")
    add_peers_dir(command)
    options = command.parse_args(arguments)
    if options.peers_dir:  # behind what is installed here
        base = str(options.peers_dir / "nets")
        site.addsitedir(sysconfig.get_path("purelib", vars={"base": base}))
    if options.quick:
        options.rounds = min(options.rounds, 5)
    return run_all(plan(options), options)


if __name__ == "__main__":
    sys.exit(main())
