"""The engines that score: one adapter each, which converts, compiles and loads off the clock.

What is on the clock is the call that a user of the engine would write, its input in the form it
asks for. Every engine runs on one thread: `bench` has said so in the environment, and those that do
not listen are told.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import MissingPeer
from bench.score.models import Case, Rows, Scores
from bench.score.training import feature_types, train, ydf_columns
from bench.setting import made

__all__ = ["ENGINES", "Engine", "kedge_that_compiles"]


@dataclass(frozen=True)
class Engine:
    """An engine that has loaded a case's model.

    Attributes:
        version: of its release.
        call: scores one input; this is what is timed.
        feed: the input made of rows.
        probability: whether it gives probabilities of the classes rather than raw scores.
    """

    version: str
    call: Callable[[Any], Any]
    feed: Callable[[Rows], Any] = lambda rows: rows
    probability: bool = False

    def scores(self, answer: Any, classes: int) -> Scores:
        """An answer as numbers, a column for every class."""
        plain = np.asarray(answer, np.float64)
        return plain.reshape(len(plain), -1)[:, -classes:]


def kedge_that_compiles() -> Any:
    """The module `kedge`.

    Raises:
        MissingPeer: it is a build without models.
    """
    kedge = importlib.import_module("kedge")
    if not hasattr(kedge, "compile"):
        raise MissingPeer("this kedge compiles no models")
    return kedge


def _kedge(case: Case) -> Engine:
    kedge = kedge_that_compiles()
    model = kedge.compile(str(case.model))
    rows = case.rows()[:512]
    single, double = (model.predict(rows.astype(t), raw=True) for t in (np.float32, np.float64))
    if not np.array_equal(single, double):
        raise MissingPeer("float64 rows score differently from the same rows in float32")
    return Engine(version("kedge"), lambda rows: model.predict(rows, raw=True))


def _lightgbm(case: Case) -> Engine:
    train(case)
    lightgbm = importlib.import_module("lightgbm")
    booster = lightgbm.Booster(model_file=case.model)
    return Engine(lightgbm.__version__, lambda rows: booster.predict(rows, raw_score=True))


def _xgboost_booster(case: Case) -> tuple[Any, Any]:
    train(case)
    xgboost = importlib.import_module("xgboost")
    booster = xgboost.Booster({"nthread": 1}, model_file=case.model)
    return xgboost, booster


def _xgboost(case: Case) -> Engine:
    xgboost, booster = _xgboost_booster(case)
    return Engine(
        xgboost.__version__, lambda rows: booster.inplace_predict(rows, predict_type="margin")
    )


def _xgboost_dmatrix(case: Case) -> Engine:
    xgboost, booster = _xgboost_booster(case)
    matrix = partial(xgboost.DMatrix, nthread=1)
    if case.shape.categories:
        types = feature_types(case.shape)
        matrix = partial(matrix, feature_types=types, enable_categorical=True)
    return Engine(
        xgboost.__version__, lambda rows: booster.predict(matrix(rows), output_margin=True)
    )


def _onnxruntime(case: Case) -> Engine:
    onnxruntime = importlib.import_module("onnxruntime")
    path = made(case.file("onnx"), partial(_convert_to_onnx, case))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    wanted = [session.get_outputs()[-1].name]  # a label, if there is one, comes first
    return Engine(
        onnxruntime.__version__,
        lambda rows: session.run(wanted, {"rows": rows})[0],
        probability=case.shape.has_labels,
    )


def _convert_to_onnx(case: Case, path: Path) -> None:
    onnxmltools = importlib.import_module("onnxmltools")
    types = importlib.import_module("onnxmltools.convert.common.data_types")
    inputs = [("rows", types.FloatTensorType([None, case.shape.features]))]
    if case.trainer == "lightgbm":
        model = onnxmltools.convert_lightgbm(_booster(case), initial_types=inputs, zipmap=False)
    else:
        model = onnxmltools.convert_xgboost(_booster(case), initial_types=inputs)
    path.write_bytes(model.SerializeToString())


def _onedal(case: Case) -> Engine:
    daal4py = importlib.import_module("daal4py")
    builders = importlib.import_module("daal4py.mb")
    daal4py.daalinit(1)
    model = builders.convert_model(_booster(case))
    release = version("scikit-learn-intelex")
    if case.shape.has_labels:
        return Engine(release, model.predict_proba, probability=True)
    return Engine(release, model.predict)


def _booster(case: Case) -> Any:
    return importlib.import_module(case.trainer).Booster(model_file=case.model)


def _lleaves(case: Case) -> Engine:
    lleaves = importlib.import_module("lleaves")
    model = lleaves.Model(model_file=str(case.model))

    def compile_to(path: Path) -> None:
        model.compile(cache=path, raw_score=True)

    compile_to(made(case.file("lleaves"), compile_to))
    return Engine(version("lleaves"), lambda rows: model.predict(rows, n_jobs=1))


def _treelite_model(case: Case) -> Any:
    frontend = importlib.import_module("treelite").frontend
    load = {
        "lightgbm": frontend.load_lightgbm_model,
        "xgboost": frontend.load_xgboost_model,
    }
    return load[case.trainer](str(case.model))


def _tl2cgen(case: Case) -> Engine:
    tl2cgen = importlib.import_module("tl2cgen")
    if shutil.which("gcc") is None:
        raise MissingPeer("it compiles with gcc, which is not installed")

    def compile_to(path: Path) -> None:
        # One C file for every model would cost gcc minutes.
        parts = {"parallel_comp": 16} if case.shape.rounds * case.shape.classes > 100 else {}
        tl2cgen.export_lib(
            _treelite_model(case), toolchain="gcc", libpath=str(path), params=parts, nthread=2
        )

    predictor = tl2cgen.Predictor(str(made(case.file("so"), compile_to)), nthread=1)
    return Engine(
        version("tl2cgen"),
        lambda rows: predictor.predict(tl2cgen.DMatrix(rows), pred_margin=True),
    )


def _treelite(case: Case) -> Engine:
    model = _treelite_model(case)
    predict = importlib.import_module("treelite").gtil.predict
    return Engine(
        version("treelite"), lambda rows: predict(model, rows, nthread=1, pred_margin=True)
    )


def _catboost(case: Case) -> Engine:
    train(case)
    catboost = importlib.import_module("catboost")
    model = catboost.CatBoost()
    model.load_model(str(case.model))
    return Engine(
        catboost.__version__,
        lambda rows: model.predict(rows, prediction_type="RawFormulaVal", thread_count=1),
    )


def _ydf(case: Case) -> Engine:
    train(case)
    ydf = importlib.import_module("ydf")
    model = ydf.load_model(str(case.model))
    return Engine(
        ydf.__version__,
        lambda columns: model.predict(columns, num_threads=1),
        feed=partial(ydf_columns, case.shape),
    )


ENGINES: Mapping[str, Callable[[Case], Engine]] = {
    "kedge": _kedge,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "xgboost DMatrix": _xgboost_dmatrix,
    "onnxruntime": _onnxruntime,
    "onedal": _onedal,
    "lleaves": _lleaves,
    "tl2cgen": _tl2cgen,
    "treelite": _treelite,
    "catboost": _catboost,
    "ydf": _ydf,
}
