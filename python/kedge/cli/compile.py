"""`kedge compile`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge._core import InvalidArgument, Model, Profile
from kedge.cli.answer import PASS, Answer, to_json, whole
from kedge.cli.data import profile_file, stored_profile
from kedge.cli.explain import sampled
from kedge.cli.inspect import text_of
from kedge.cli.output import check_output, write_whole
from kedge.model import compile

_MOST_SEEN = 100_000  # rows that those to keep are chosen from


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("model", metavar="MODEL", type=Path, help="LightGBM text, XGBoost or CatBoost JSON, ONNX")
    add("-o", "--output", type=Path, metavar="MODEL.kedge", required=True, help="what to write")
    add("--reference", type=Path, metavar="REF", help="the training data, or a profile of them")
    add(
        "--background",
        type=whole,
        metavar="N",
        help="keep N rows of --reference in the model, readable to whoever gets it, for "
        "kedge explain --background reference",
    )
    add(
        "--fallback",
        choices=["onnxruntime"],
        help="what runs an ONNX graph that cannot be compiled, instead of refusing it",
    )
    add(
        "--metadata",
        type=_entry,
        action="append",
        metavar="KEY=VALUE",
        default=[],
        help="to say of it: who, when, from what; as often as you want",
    )


def run(options: argparse.Namespace) -> Answer:
    """Compile a trainer's file, with what its data looked like, and say what came of it."""
    inputs = [path for path in (options.model, options.reference) if path is not None]
    check_output("--output", options.output, inputs)
    model = compile(options.model, metadata=_metadata(options), fallback=options.fallback)
    if options.reference is not None:
        model = model.with_profile(_reference(options.reference, model))
    if options.background is not None:
        model = _with_background(options, model)
    write_whole(options.output, model.to_bytes())
    info = model.info()
    return Answer(PASS, to_json(info) if options.json else text_of(info))


def _metadata(options: argparse.Namespace) -> dict[str, str]:
    said: dict[str, str] = {}
    for key, value in options.metadata:
        if key in said:
            raise InvalidArgument(f"--metadata {key}={value}: {key}={said[key]} was said before")
        said[key] = value
    return said


def _reference(path: Path, model: Model) -> Profile:
    stored = stored_profile(path)
    if stored is not None:
        return stored
    return profile_file(path, columns=[feature.name for feature in model.features], categorical=[])


def _with_background(options: argparse.Namespace, model: Model) -> Model:
    if options.reference is None or stored_profile(options.reference) is not None:
        raise InvalidArgument(f"--background {options.background}: rows want a --reference of rows")
    return model.with_background(
        sampled(options.reference, model, _MOST_SEEN).table(), keep=options.background
    )


def _entry(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
