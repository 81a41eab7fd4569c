"""`kedge predict`."""

from __future__ import annotations

import argparse
import io
import itertools
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument, Model
from kedge.cli.answer import PASS, Answer, names, to_json, whole
from kedge.cli.data import Watched, patiently
from kedge.cli.output import check_output, whole_file
from kedge.cli.progress import Progress
from kedge.io import FileTable, flat_columns, open_table
from kedge.model import load

_PRINTED = Path("scores.csv")  # how scores look that are printed


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("model", metavar="MODEL.kedge", type=Path, help="a compiled model")
    add("data", metavar="DATA", type=Path, help="Parquet, CSV, Arrow or JSON lines; or a folder")
    add("-o", "--output", type=Path, metavar="SCORES", help="a file of these kinds; else printed")
    add("--columns", type=names, metavar="A,B", default=[], help="of DATA, to stand beside them")
    add("--raw", action="store_true", help="as the trees add up, before the link")
    add("--threads", type=whole, default=1, metavar="N", help="score in so many (%(default)s)")


def run(options: argparse.Namespace) -> Answer:
    """Score a file's rows, batch by batch."""
    return answer_rows(
        options,
        "scores",
        lambda model, rows: model.predict(rows, raw=options.raw, threads=options.threads),
    )


def answer_rows(
    options: argparse.Namespace, noun: str, answer: Callable[[Model, Any], Any]
) -> Answer:
    """Write what a model answers, a table for each of the file's batches; JSON has it as `noun`."""
    if options.output is not None:
        check_output("--output", options.output, [options.model, options.data])
    model = load(options.model)
    scorer = Scorer(options.data, model, options.columns, lambda rows: answer(model, rows))
    from kedge.io.writers import writer_for

    if options.output is None:
        return _print(scorer, noun if options.json else None)
    opened = writer_for(options.output)

    def write(table: FileTable) -> dict[str, Any]:
        rows = 0
        with closing(scorer.scores(table)) as tables, whole_file(options.output) as file:
            first = next(tables)
            with opened(file, first.schema) as writer:
                for scores in itertools.chain([first], tables):
                    writer.write_table(scores)
                    rows += scores.num_rows
        return {"rows": rows, "columns": first.column_names, "output": str(options.output)}

    done = patiently(scorer.table, write)
    text = f"{done['rows']} rows of {', '.join(done['columns'])} in {done['output']}"
    return Answer(PASS, to_json(done) if options.json else text)


def _print(scorer: Scorer, noun: str | None) -> Answer:
    import pyarrow as pa

    from kedge.io.json_lines import json_rows
    from kedge.io.writers import writer_for

    scores = pa.concat_tables(patiently(scorer.table, lambda table: list(scorer.scores(table))))
    if noun is not None:
        return Answer(PASS, to_json({"rows": scores.num_rows, noun: list(json_rows(scores))}))
    text = io.BytesIO()
    with writer_for(_PRINTED)(text, scores.schema) as writer:
        writer.write_table(scores)
    return Answer(PASS, text.getvalue().decode().removesuffix("\n"))


class Scorer:
    """What answers tables, and the columns of a file that it reads, and those that go along.

    Attributes:
        table: the file, with the types in which the model reads CSV and JSON.
    """

    def __init__(
        self, path: Path, model: Model, beside: list[str], answer: Callable[[Any], Any]
    ) -> None:
        self._answer = answer
        self._beside = beside
        self._features = model.features
        wanted = [*(feature.name for feature in self._features), *beside]
        table = open_table(path, columns=wanted)
        whole_numbers = [
            feature.name
            for feature in self._features
            if feature.name in table.schema.names
            and str(table.schema.field(feature.name).type) == "int64"
        ]
        # In CSV and JSON a fraction may come later, and the model reads float64 anyway.
        self.table = table.with_types(dict.fromkeys(whole_numbers, "float64"))

    def scores(self, table: FileTable) -> Generator[Any, None, None]:
        """The scores of each batch, beside the columns that go along."""
        with closing(Progress(table.path.name)) as progress:
            for batch in Watched(table, progress, passes=1).to_batches():
                yield self._scores(batch)

    def _scores(self, batch: Any) -> Any:
        import pyarrow as pa

        columns = flat_columns(batch)
        rows = {feature.name: columns[feature.name] for feature in self._features}
        scores = pa.table(self._answer(pa.table(rows)))
        beside = {name: _plain(columns[name]) for name in self._beside}
        for name in scores.column_names:
            if name in beside:
                raise InvalidArgument(f'--columns "{name}": the results are called so')
            beside[name] = scores.column(name)
        return pa.table(beside)


def _plain(column: Any) -> Any:
    """A column without a dictionary, of which an Arrow file can only hold one."""
    import pyarrow as pa

    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
