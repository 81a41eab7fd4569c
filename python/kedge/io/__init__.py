"""Where data comes from and goes to: files, through pyarrow, in memory that does not grow with
them."""

from kedge.io.files import ColumnConflict, FileTable, flat_columns, flat_names, open_table
from kedge.io.live import LiveStream

__all__ = [
    "ColumnConflict",
    "FileTable",
    "LiveStream",
    "flat_columns",
    "flat_names",
    "open_table",
]
