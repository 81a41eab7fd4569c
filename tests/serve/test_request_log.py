"""What was asked and answered is in files, on both transports and in the core."""

from __future__ import annotations

import re
import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge._core import Service
from kedge.serve import Options
from kedge.serve.options import read_config
from kedge.serve.request_log import RequestLog
from tests.patience import until
from tests.serve.messages import message
from tests.serve.test_columns import COLORS, column, packed
from tests.serve.test_metrics import parsed
from tests.serve.test_service import TWO_LEAVES, infer

ALL = (1.0, 1 << 30, ())


def logged(folder: Path) -> pa.Table:
    """All files, by time."""
    tables = []
    for path in sorted(folder.glob("requests-*.arrows")):
        with pa.ipc.open_stream(path) as stream:
            tables.append(stream.read_all())
    return pa.concat_tables(tables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "requests"
    made.mkdir()
    return made


@pytest.fixture
def models(tmp_path: Path) -> Path:
    made = tmp_path / "models"
    (made / "m").mkdir(parents=True)
    kedge.compile(TWO_LEAVES).save(made / "m" / "1.kedge")
    return made


def written(service: Service) -> float:
    return sum(parsed(service.metrics())["kedge_request_log_rows_total"].values())


def rows_of(seed: int, rows: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 2))


def test_every_transport_keeps_what_was_asked_and_answered(
    serve_in: Any, models: Path, folder: Path
) -> None:
    server = serve_in(models, request_log=RequestLog(str(folder), share=1.0))
    x = rows_of(0, 40)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        scores = np.concatenate(
            [
                client.infer("m", {"rows": x[i : i + 4]}, id=str(i))["score"][:, 0]
                for i in range(0, 40, 4)
            ]
        )
    server.stop()
    table = logged(folder)
    assert table.column_names == ["time_ms", "request", "a", "b", "score"]
    assert table["request"].to_pylist() == [str(i - i % 4) for i in range(40)]
    assert np.array_equal(np.column_stack([table["a"], table["b"]]), x)
    assert np.array_equal(table["score"], scores)
    (name,) = [path.name for path in folder.iterdir()]
    assert re.fullmatch(r"requests-\d{14}-000000-m-1\.arrows", name)


def test_an_id_that_is_long_is_not_written_for_each_row(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), *ALL)
    for name in ("i" * 256, "i" * 257):
        request = message("ModelInferRequest")(
            model_name="m",
            id=name,
            inputs=[{"name": "rows", "datatype": "FP64", "shape": [500, 2]}],
            raw_input_contents=[rows_of(1, 500).tobytes()],
        )
        assert service.handle("ModelInfer", request.SerializeToString())[0] == 0
    del service
    assert logged(folder)["request"].to_pylist() == ["i" * 256] * 500 + [""] * 500


def test_a_file_that_could_not_be_written_is_not_the_last(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), *ALL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        infer(service, rows_of(1, 30), "FP64")
        until(lambda: bool([e for e in service.take_events() if "request log failed" in e]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    infer(service, rows_of(2, 3), "FP64")
    until(lambda: written(service) == 3)


def test_what_nobody_may_see_is_not_written(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), 1.0, 1 << 30, ["a"])
    infer(service, rows_of(1, 3), "FP64")
    del service
    assert logged(folder).column_names == ["time_ms", "request", "b", "score"]
    secret = np.float64(rows_of(1, 3)[1, 0]).tobytes()
    assert all(secret not in path.read_bytes() for path in folder.iterdir())


def test_a_share_is_a_share(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), 0.25, 1 << 30, [])
    for i in range(4000):
        infer(service, np.array([[float(i), 0.0]]), "FP64")
    del service
    seen = np.asarray(logged(folder)["a"])
    assert 850 < len(seen) < 1150
    assert (np.diff(seen) > 0).all()
    assert np.histogram(seen, 4, (0, 4000))[0].min() > 180


def test_names_are_text_and_scores_that_nobody_asked_for_are_null(
    tmp_path: Path, folder: Path
) -> None:
    made = tmp_path / "colored"
    (made / "m").mkdir(parents=True)
    kedge.compile(COLORS).save(made / "m" / "1.kedge")
    service = Service(str(made))
    service.log_requests(str(folder), *ALL)
    request = message("ModelInferRequest")(
        model_name="m",
        outputs=[{"name": "raw"}],
        inputs=[column("size", "FP64", [3]), column("color", "BYTES", [3])],
        raw_input_contents=[np.zeros(3).tobytes(), packed(["red", "none", "blue"])],
    )
    assert service.handle("ModelInfer", request.SerializeToString())[:2] == (0, "")
    del service
    table = logged(folder)
    assert table["color"].to_pylist() == ["red", None, "blue"]
    assert table["score"].to_pylist() == [None] * 3


def test_files_of_earlier_starts_make_room_too(models: Path, folder: Path) -> None:
    for i in range(20):
        (folder / f"requests-{i:014}-000000-m-1.arrows").write_bytes(bytes(1 << 17))
    service = Service(str(models))
    service.log_requests(str(folder), 1.0, 1 << 20, [])
    until(lambda: len(list(folder.glob("requests-*"))) == 8)
    infer(service, rows_of(2, 10), "FP64")
    until(lambda: written(service) == 10)
    newest = max(folder.glob("requests-*"))
    assert newest.stat().st_mode & 0o777 == 0o600


def test_the_oldest_files_make_room(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), 1.0, 1 << 20, [])
    other = folder / "requests-of-somebody-else.txt"
    other.write_text("stays")
    wide = rows_of(2, 2000)
    for _ in range(60):
        infer(service, wide, "FP64")
    del service
    files = sorted(folder.glob("requests-*.arrows"))
    assert sum(path.stat().st_size for path in files) <= (1 << 20) + (1 << 18)
    assert int(files[0].name.split("-")[2]) > 0
    assert other.read_text() == "stays"


def test_a_stream_that_was_cut_off_has_its_whole_batches(models: Path, folder: Path) -> None:
    service = Service(str(models))
    service.log_requests(str(folder), *ALL)
    x = rows_of(3, 50)
    infer(service, x, "FP64")
    while parsed(service.metrics())["kedge_request_log_rows_total"][frozenset()] < 50:
        pass
    assert np.array_equal(logged(folder)["a"], x[:, 0])  # while it is still being written


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere", 1.0, 1 << 30, []), 'there is no folder "nowhere"'),
        ((None, 0.0, 1 << 30, []), "share = 0"),
        ((None, 1.5, 1 << 30, []), "share = 1.5"),
        ((None, 1.0, 100, []), "most_bytes = 100"),
        ((None, 1.0, 1 << 30, ["agee"]), 'redact names "agee", which no model here has'),
    ],
)
def test_what_cannot_be_is_refused(
    models: Path, folder: Path, arguments: tuple[Any, ...], says: str
) -> None:
    service = Service(str(models))
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)):
        service.log_requests(arguments[0] or str(folder), *arguments[1:])


def test_the_configuration_says_it(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('models = "m"\n[request_log]\nfolder = "f"\nshare = 0.5\nredact = ["a"]\n')
    assert Options(**read_config(str(file))).request_log == RequestLog("f", 0.5, redact=("a",))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("share = 1.0", "folder is missing"),
        ('folder = "f"\nshar = 1.0', "shar"),
        ('folder = "f"\nshare = "all"', "share = 'all': expected a number"),
        ('folder = "f"\nredact = [1]', "redact = [1]: expected a list of texts"),
        ('folder = "f"\nmost_bytes = 1.5', "most_bytes = 1.5: expected a whole number"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_line(
    tmp_path: Path, line: str, says: str
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(f'models = "m"\n[request_log]\n{line}\n')
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)) as refused:
        read_config(str(file))
    assert "serve.toml:" in str(refused.value)
