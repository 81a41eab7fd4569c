"""Where data comes from and goes to: files, through pyarrow, in memory that does not grow with
them."""

from kedge.io.files import ColumnConflict, FileTable, flat_columns, flat_names, open_table

__all__ = ["ColumnConflict", "FileTable", "flat_columns", "flat_names", "open_table"]
