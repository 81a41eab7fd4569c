"""Models of other libraries, compiled to one form that scores exactly as they do."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from kedge._core import (
    Feature,
    FeatureKind,
    ForeignNet,
    Forest,
    InvalidArgument,
    Model,
    Net,
    Parity,
    Profile,
    Unsupported,
)
from kedge.model.importance import Importance, importances
from kedge.model.int8 import check_options, quantized
from kedge.model.sources import Source, file_of, golden_of, source_of
from kedge.sketch import profile

__all__ = [
    "Feature",
    "FeatureKind",
    "Importance",
    "Model",
    "Parity",
    "compile",
    "importances",
    "load",
]

_PARITY_ROWS = 1000
_MOST_OFF = 1e-4  # of the largest prediction: sums of float32 in another order stay far below
# Of bytes between layers, of which the runtime may round one that is a tie to the other side.
_MOST_OFF_IN_BYTES = 1 / 16


def compile(
    model: object,
    *,
    reference: object = None,
    background: int | None = None,
    metadata: Mapping[str, str] | None = None,
    quantize: str | None = None,
    calibrate: str = "min-max",
    max_error: float | None = None,
    fallback: str | None = None,
) -> Model:
    """Compile a trained model; trees' raw scores are the trainer's, bit for bit.

    Linear models, nets and scikit-learn pipelines are the trainer's up to rounding, as sums there
    have no fixed order; where a pipeline raises, a row's score is NaN.

    `model` is a fitted LightGBM, XGBoost, CatBoost or scikit-learn object, the path of a file that
    one of them or an ONNX converter wrote, or such a file's bytes. `reference` is the data that it
    was trained on, a table with the model's columns or a NumPy array: its profile goes into the
    model (`Model.profile`), so that drift can be measured wherever the model runs. A profile that
    was made before is taken as it is. `background` keeps so many rows of `reference` in the model,
    a hundred say, for `explain(x, background="reference")`: as they are, so that whoever gets the
    file can read them. A profile keeps no row. `metadata` is what you want to say of it: who, when,
    from what.

    Where the trainer itself is at hand, its raw scores are compared with the compiled model's on
    the golden rows and on the first rows of `reference`: `Model.parity` has the result. An ONNX net
    is compared with onnxruntime, where that is installed, by its predictions of the rows that have
    only finite values, a pipeline with scikit-learn by those of the rows that it takes; if they
    are off by more than 1e-4 of the largest, the model is refused.

    `quantize="int8"` makes a net of bytes and int8 of a net of floats, with the same bits on every
    machine. Their scales are those of `reference`, by `calibrate`: "min-max" (every value fits),
    "percentile" (one in a thousand at either end does not) or "mse" (least squared error).
    `Model.metadata["quantization"]` says for each layer, and last for the raw scores, how far it is
    from the floats over the reference; `max_error` is how far raw scores may be. `"int16"` is
    the same with finer numbers, nearer to the floats and slower.

    An ONNX graph with an operator that has no step here is refused by its node; with
    `fallback="onnxruntime"` it runs there, in a bundle that is otherwise the same: its columns,
    reference, golden rows. `kedge inspect` says which nodes kept it from being compiled. Programs
    without Python refuse such a model by name.

    >>> from sklearn.ensemble import RandomForestRegressor
    >>> x = np.arange(20.0)[:, None]
    >>> forest = RandomForestRegressor(5, random_state=0).fit(x, x[:, 0] > 7)
    >>> compiled = compile(forest, metadata={"team": "harbour"})
    >>> (compiled.predict(x) == forest.predict(x)).all(), compiled.parity.rows_off
    (np.True_, 0)

    Raises:
        Unsupported: the model has something that cannot be scored exactly; the text names it.
        CorruptData: the file is damaged, or of no known kind.
        InvalidArgument: `reference` lacks columns of the model, or has others;
            `quantize` without a reference; quantised raw scores further off than `max_error`; the
            model is not fitted; `metadata` has something else than strings.
    """
    if background is not None and (reference is None or isinstance(reference, Profile)):
        raise InvalidArgument(f"background = {background}: rows want a reference that has rows")
    for key, value in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise InvalidArgument(f"metadata[{key!r}] = {value!r}: expected strings")
    source = source_of(model, fallback)
    said = {**source.metadata, **(metadata or {})}
    if quantize is None:
        return _finished(source, _model_of(source, said), reference, background)
    check_options(source.forest, quantize, reference)
    floats = _model_of(source, said)
    _compared(source, floats, floats.golden_rows)
    net, report = quantized(
        source.forest, floats.matrix(_named(reference, floats)), quantize, calibrate, max_error
    )
    made = Model(net, said | {"quantization": report})
    return _finished(source, made, reference, background, is_exact=False)


def load(path: str | os.PathLike[str]) -> Model:
    """Map a `.kedge` file, check it, and score its golden rows.

    Raises:
        CorruptData: the file is damaged; the text names the section.
        InvalidArgument: there is no such file.
    """
    return Model.load(str(file_of(path)))


def _model_of(source: Source, metadata: dict[str, str]) -> Model:
    if isinstance(source.forest, ForeignNet):
        rows, scores = golden_of(source)
        return Model(source.forest, source.graph, rows, scores, metadata)
    if isinstance(source.forest, Forest):
        return Model(source.forest, metadata)
    return Model(source.forest, metadata)


def _finished(
    source: Source,
    model: Model,
    reference: object,
    background: int | None,
    *,
    is_exact: bool = True,
) -> Model:
    """With what the reference says; one that is not exact is compared only where it reaches."""
    rows = model.golden_rows if is_exact else model.golden_rows[:0]
    if isinstance(reference, Profile):
        model = model.with_profile(reference)
    elif reference is not None:
        table = _named(reference, model)
        model = model.with_profile(profile(table))
        values = model.matrix(table)
        if background is not None:
            model = model.with_background(values, keep=background)
        rows = np.concatenate([rows, values[:_PARITY_ROWS]])
    return model.with_parity(_compared(source, model, rows, is_exact=is_exact))


def _named(reference: object, model: Model) -> object:
    """A NumPy array's columns are the model's features in their order."""
    if not isinstance(reference, np.ndarray):
        return reference
    names = [feature.name for feature in model.features]
    if reference.ndim != 2 or reference.shape[1] != len(names):
        raise InvalidArgument(
            f"reference: expected rows of {len(names)} features, "
            f"got an array of shape {reference.shape}"
        )
    return {name: reference[:, i] for i, name in enumerate(names)}


def _compared(source: Source, model: Model, rows: np.ndarray, *, is_exact: bool = True) -> Parity:
    is_net = isinstance(source.forest, Net)
    if source.takes is not None:
        rows = source.takes(rows)
    elif is_net and not source.has_gaps:  # whether max(nan, 0) is nan is the runtime's choice
        rows = rows[np.isfinite(rows).all(axis=1)]
    wanted = source.scores(rows)
    if wanted is None:  # some trainers take no missing values
        rows = np.nan_to_num(rows)
        wanted = source.scores(rows)
    if wanted is None:
        return Parity(0, 0, 0.0)
    ours = model.predict(rows, raw=not is_net).reshape(len(rows), -1)
    theirs = np.asarray(wanted, ours.dtype).reshape(ours.shape)
    if source.has_gaps:
        said = ~np.isnan(theirs).any(axis=1)
        ours, theirs = ours[said], theirs[said]
    if len(theirs) == 0:
        return Parity(0, 0, 0.0)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    difference = np.where(same, 0.0, np.abs(ours - theirs))
    if isinstance(source.forest, Net) and is_exact:
        has_bytes = any(step.startswith("quantize") for step in source.forest.steps)
        _refuse_far(difference, ours, theirs, _MOST_OFF_IN_BYTES if has_bytes else _MOST_OFF)
    return Parity(len(theirs), int((difference != 0).any(axis=1).sum()), float(difference.max()))


def _refuse_far(difference: np.ndarray, ours: np.ndarray, theirs: np.ndarray, share: float) -> None:
    most = share * float(np.abs(theirs).max(initial=0.0, where=np.isfinite(theirs)))
    row, output = np.unravel_index(np.argmax(difference), difference.shape)
    if not difference[row, output] <= most:
        raise Unsupported(
            f"the net: output {output} of row {row} is {ours[row, output]:g} here and "
            f"{theirs[row, output]:g} where it comes from; at most {most:g} apart is expected"
        )
