"""The compiled core of kedge."""

from collections.abc import Callable, Mapping, Sequence
import enum
from typing import Annotated, Any, Literal, overload

import numpy
import numpy.typing
from numpy.typing import NDArray

import kedge.model.picture


class KedgeError(Exception):
    """What every error of kedge derives from."""

class InvalidArgument(KedgeError, ValueError):
    """A value is out of its bounds."""

class CorruptData(KedgeError, ValueError):
    """Bytes are not what they claim to be."""

class Unsupported(KedgeError, NotImplementedError):
    """Understood, and deliberately not handled."""

class ResourceExhausted(KedgeError):
    """A stated limit was reached."""

def active_isa() -> str:
    """The instruction set that the kernels use."""

def crc32c(data: bytes, seed: int = 0) -> int:
    """The checksum of stored bytes; `seed` is that of what comes before."""

class Table:
    """Named columns in one or more batches, read and handed on as Arrow."""

    def __init__(self, data: object | None) -> None:
        """
        From anything with an Arrow protocol method, a NumPy array, or a dict of such.
        """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The batches as an Arrow C stream; nothing is copied."""

    def __arrow_c_schema__(self) -> object:
        """The schema as an Arrow C schema."""

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""

    @property
    def num_rows(self) -> int:
        """How many rows there are in all batches."""

    def to_pydict(self) -> dict[str, list[object]]:
        """
        Lists of Python values by column name; times are integers in the column's unit.
        """

    def __getstate__(self) -> bytes:
        """A table is pickled as an IPC stream."""

    def __setstate__(self, data: bytes) -> None:
        """Read it back."""

    def to_ipc(self) -> bytes:
        """The table as an Arrow IPC stream."""

    @staticmethod
    def from_ipc(data: bytes) -> Table:
        """Read an Arrow IPC stream."""

def row_count(data: object | None) -> int:
    """How many rows there are."""

class Expression:
    """A condition or a computed column, as text."""

    def __init__(self, source: str) -> None:
        """Parse the text; see kedge.expr for the language."""

    @property
    def columns(self) -> list[str]:
        """The columns that are read, in order."""

    def select(self, data: object | None) -> Table:
        """
        Whether the condition is true, for each row: a table of one bool column.
        """

    def evaluate(self, data: object | None) -> Table:
        """
        The value in each row, null where there is none: a table of one column.
        """

    def __str__(self) -> str:
        """The canonical text."""

    def __repr__(self) -> str:
        """What makes the same expression."""

    def __eq__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int:
        """Equal for equal expressions."""

    def __getstate__(self) -> str:
        """An expression is pickled as its text."""

    def __setstate__(self, text: str) -> None:
        """Read it back."""

def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """
    Whether the holder of the key signed the message; as strict as RFC 8032 allows.
    """

class Histogram:
    """Counts of values in the cells of a fixed monotone map."""

    @property
    def counts(self) -> Annotated[NDArray[numpy.uint64], dict(shape=(None,))]:
        """Rows in -inf, in each cell in rising order, in +inf."""

    @property
    def bounds(self) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
        """The smallest value of each cell but the first."""

    @property
    def row_count(self) -> int:
        """How many rows were counted."""

    @property
    def null_count(self) -> int:
        """How many of them were null."""

    @property
    def nan_count(self) -> int:
        """How many of them were NaN."""

    @property
    def value_count(self) -> int:
        """How many were neither null nor NaN."""

    @property
    def mean(self) -> float:
        """
        The mean of the values, to within `mean_error`; outliers count as the range's end.
        """

    @property
    def mean_error(self) -> float:
        """How far the mean may be off: half a cell, zero where cells are points."""

    @property
    def std(self) -> float:
        """The standard deviation, with each cell's values at its middle."""

    @property
    def mean_abs(self) -> float:
        """
        The mean of the values without their signs, to within `mean_abs_error`.
        """

    @property
    def mean_abs_error(self) -> float:
        """How far it may be off: half a cell, zero where cells are points."""

    @property
    def low(self) -> float:
        """The least value of the reference."""

    @property
    def high(self) -> float:
        """The greatest value of the reference."""

    def quantile(self, share: float) -> tuple[float, float]:
        """Two values with that quantile between them."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> Histogram:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class Profile:
    """What the columns of a table look like: counts of each, no row."""

    def like(self) -> Profile:
        """An empty profile with the same cells, to fill with live data."""

    def select(self, columns: Sequence[str]) -> Profile:
        """A copy of these columns, without slices."""

    def update(self, data: object | None) -> None:
        """Count the rows of `data`: all of them, or none on an error."""

    def merge(self, other: Profile) -> None:
        """Add the counts of a profile with the same cells."""

    def subtract(self, other: Profile) -> None:
        """
        Take the counts of a profile away that was merged or is a part of this one.
        """

    def kind(self, column: str) -> str:
        """"number", "category" or "text"."""

    def type(self, column: str) -> str:
        """The type of the column that the profile was made of."""

    def distinct(self, column: str) -> int:
        """
        About how many different values the reference had: standard error 1.6 %.
        """

    def histogram(self, column: str) -> Histogram:
        """A copy of the counts of a column of numbers."""

    def categories(self, column: str) -> Categories:
        """A copy of the counts of a column of categories."""

    def lengths(self, column: str) -> Histogram:
        """A copy of the counts of a text column's lengths in bytes."""

    @property
    def slices(self) -> list[str]:
        """The columns by whose values the rows are sliced."""

    def parts(self, slicing: str) -> list[tuple[str, Profile]]:
        """
        The rows of each value of a slicing column, and of all others, as profiles.
        """

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""

    @property
    def row_count(self) -> int:
        """How many rows were counted."""

    def __repr__(self) -> str: ...

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> Profile:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class Outline:
    """The first look at a table, which chooses cells and categories."""

    def __init__(self, cells: int, max_categories: int, exact: bool, columns: Sequence[str], categorical: Sequence[str], cuts: Mapping[str, Sequence[float]], slices: Sequence[str]) -> None:
        """Nothing seen; the first data bring the schema."""

    def look(self, data: object | None) -> None:
        """Look at every row of `data`."""

    def profile(self) -> Profile:
        """The profile of such data, with nothing counted."""

    def profile_of(self, data: object | None) -> Profile:
        """Look at every row of `data`, then count it."""

def cell_variants() -> list[str]:
    """The variants of the counting kernel, scalar first."""

def count_with(isa: str, histogram: Histogram, data: object) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,))]:
    """
    The counts of float64 data that one variant gives, over a histogram's cells.
    """

class Categories:
    """How often each name of a list comes in a column."""

    def __init__(self, names: Sequence[str]) -> None:
        """The listed names, in any order."""

    def like(self) -> Categories:
        """The same names, nothing counted."""

    def update(self, data: object) -> None:
        """Count one column of strings, bools, integers or dictionaries of them."""

    def merge(self, other: Categories) -> None:
        """Add the counts of the same names."""

    def subtract(self, other: Categories) -> None:
        """Take counts away that were merged or are a part of these."""

    @property
    def names(self) -> list[str]:
        """The listed names, in rising order of their bytes."""

    @property
    def counts(self) -> Annotated[NDArray[numpy.uint64], dict(shape=(None,))]:
        """Rows with each listed name."""

    @property
    def novel(self) -> list[tuple[str, int]]:
        """Unlisted names and their counts: all, or a sample of 1000."""

    @property
    def novel_is_complete(self) -> bool:
        """Whether `novel` has all unlisted names."""

    @property
    def row_count(self) -> int:
        """How many rows were counted."""

    @property
    def null_count(self) -> int:
        """How many of them were null."""

    @property
    def unlisted_count(self) -> int:
        """How many had a name that is not listed."""

    @property
    def value_count(self) -> int:
        """How many were not null."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> Categories:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class Distinct:
    """How many different values came, within a few percent."""

    def __init__(self) -> None:
        """Nothing seen."""

    def update(self, data: object) -> None:
        """Add one column of any type: all rows, or none on an error."""

    def merge(self, other: Distinct) -> None:
        """Add the values that another one saw."""

    def estimate(self) -> float:
        """About how many different values were added."""

    def to_bytes(self) -> bytes:
        """The sketch in its stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> Distinct:
        """Read a stored sketch."""

    def __eq__(self, other: object, /) -> bool: ...

    STANDARD_ERROR: float = 0.01625

    __hash__: None  # type: ignore[assignment]

class Frequent:
    """The most frequent names of a column, in bounded memory."""

    def __init__(self, capacity: int) -> None:
        """Exact up to `capacity` different names."""

    def update(self, data: object) -> None:
        """Count one column, batch by batch."""

    def top(self, most: int | None = None) -> list[tuple[str, int, int]]:
        """
        The first names, or all, by count: (name, count, by how much the count may be too high).
        """

    def error(self) -> int:
        """By how much any count may be too high."""

    def distinct_seen_exactly(self) -> bool:
        """Whether the names are all there are."""

    @property
    def row_count(self) -> int:
        """How many rows were counted."""

    @property
    def null_count(self) -> int:
        """How many of them were null."""

class MeanBet:
    """Capital of bets that a mean is larger."""

    def __init__(self, mean: float, low: float, high: float, memory: float = 1.0) -> None:
        """Against this mean of values from low to high."""

    def update(self, value: float) -> float:
        """The log of the factor of one value."""

    def path(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> list[float]:
        """The log capital after each value."""

    def merge(self, other: MeanBet) -> None:
        """Multiply by the capital of another run."""

    @property
    def log_capital(self) -> float:
        """The log of the capital."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> MeanBet:
        """Read the stored form."""

class MeanHedge:
    """Capital of bets that a mean is another."""

    def __init__(self, mean: float, low: float, high: float, memory: float = 1.0) -> None:
        """Against this mean of values from low to high."""

    def update(self, value: float) -> float:
        """The log of the factor of one value."""

    def path(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> list[float]:
        """The log capital after each value."""

    def merge(self, other: MeanHedge) -> None:
        """Multiply by the capital of another run."""

    @property
    def log_capital(self) -> float:
        """The log of the capital."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> MeanHedge:
        """Read the stored form."""

class BernsteinInterval:
    """Limits of a mean, cheap."""

    def __init__(self, low: float, high: float, alpha: float) -> None:
        """Nothing seen."""

    def update(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """Take the values in their order."""

    @property
    def limits(self) -> tuple[float, float]:
        """The mean lies between these two, at all times at once."""

    @property
    def count(self) -> int:
        """How many values there were."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> BernsteinInterval:
        """Read the stored form."""

class BettingInterval:
    """Limits of a mean, narrow."""

    def __init__(self, low: float, high: float, alpha: float, points: int = 1000) -> None:
        """Nothing seen."""

    def update(self, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
        """Take the values in their order."""

    @property
    def limits(self) -> tuple[float, float]:
        """The mean lies between these two, at all times at once."""

    @property
    def count(self) -> int:
        """How many values there were."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> BettingInterval:
        """Read the stored form."""

class TwoSampleRatio:
    """Blocks of outcomes of two arms."""

    def __init__(self, one_sided: bool) -> None:
        """Nothing seen."""

    def update(self, a_hits: int, a_rows: int, b_hits: int, b_rows: int) -> float:
        """The log of the block's factor."""

    def merge(self, other: TwoSampleRatio) -> None:
        """Multiply by that of another run."""

    @property
    def log_evidence(self) -> float:
        """The log of the evidence."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> TwoSampleRatio:
        """Read the stored form."""

class DetectorForm(enum.Enum):
    """How a detector adds up beginnings."""

    shiryaev_roberts = 0
    """All of them."""

    cusum = 1
    """The best one."""

    never_false = 2
    """All, by weights that sum to 1."""

class ChangeDetector:
    """Evidence of a change at any time."""

    def __init__(self, form: DetectorForm) -> None:
        """Nothing seen."""

    def update(self, log_factor: float, elapsed: float = 1.0) -> None:
        """One look at the log of a factor."""

    def restart(self) -> None:
        """Forget the evidence, not the time."""

    @property
    def log_evidence(self) -> float:
        """The log of the evidence."""

    @property
    def since(self) -> float:
        """When the change began, if it did."""

    @property
    def now(self) -> float:
        """The time."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> ChangeDetector:
        """Read the stored form."""

def mixture_bound(variance: float, rho: float, alpha: float) -> float:
    """How far a centred sum of that variance may ever be from 0."""

def mixture_rho(variance: float, alpha: float) -> float:
    """The rho whose bound is narrow at that variance."""

def count_ratio(boundary: float, alternative: float, hits: int, rows: int) -> float:
    """The log of the likelihood ratio of hits in rows."""

def e_benjamini_hochberg(log_evidence: Sequence[float], alpha: float) -> list[int]:
    """The tests to reject, the strongest first."""

def ks_test(x: object, y: object) -> tuple[float, float, float | int, int, int, int]:
    """
    The exact two-sample test: statistic, p-value, location, sign and both sizes.
    """

def chi_square_test(x: object, y: object) -> tuple[float, float, int]:
    """
    The chi-square test of homogeneity of two counts: statistic, p-value, freedom.
    """

def ks_bracket(reference: Histogram, current: Histogram) -> tuple[float, float]:
    """
    Certain bounds of the distance between two samples counted over the same cells.
    """

def compare(reference: Profile, current: Profile, min_effect: float, confidence: float) -> Table:
    """
    One row for each column: what changed, by how much, how surely, and where.
    """

def compare_slices(reference: Profile, current: Profile, min_effect: float, confidence: float) -> Table:
    """The same for each slice of the rows and column."""

def g_test(x: object, y: object) -> tuple[float, float, int]:
    """The likelihood-ratio test of homogeneity: statistic, p-value, freedom."""

def fisher_exact(a: int, b: int, c: int, d: int) -> float:
    """The two-sided p-value of Fisher's exact test."""

def rank_tests(reference: object, current: object) -> dict[str, float]:
    """
    Anderson and Darling's and Cramer and von Mises's tests on ordered counts.
    """

def anderson_darling_sf(x: float) -> float:
    """The upper tail of the limit of Anderson and Darling's statistic."""

def cramer_von_mises_sf(x: float) -> float:
    """The upper tail of the limit of Cramer and von Mises's statistic."""

def count_distances(reference: object, current: object) -> dict[str, float]:
    """Distances between the shares of two samples."""

def psi_noise(bins: int, n: int, m: int, level: float) -> float:
    """What the PSI exceeds with probability 1 - level when nothing changed."""

def js_noise(bins: int, n: int, m: int, level: float) -> float:
    """What the Jensen-Shannon distance exceeds with probability 1 - level."""

def wasserstein(reference: object, current: object, positions: Sequence[float]) -> float:
    """The integral of the difference of two distribution functions."""

def energy_distance(reference: object, current: object, positions: Sequence[float]) -> float:
    """The root of twice the integral of their squared difference."""

def bonferroni(pvalues: Sequence[float]) -> list[float]:
    """Each times the number of tests."""

def benjamini_hochberg(pvalues: Sequence[float]) -> list[float]:
    """Adjusted for the rate of false discoveries."""

class Joint:
    """Samples of whole rows of two sides, to be told apart."""

    def __init__(self, profile: Profile) -> None:
        """No rows of either side; the profile names the columns."""

    def add_reference(self, data: object | None) -> None:
        """Take rows of the reference."""

    def add_current(self, data: object | None) -> None:
        """Take rows of the current data."""

    def result(self, min_effect: float, confidence: float, explained: float) -> dict[str, Any]:
        """What tells the two sides apart: the fields of JointDrift."""

def auc(reference: Sequence[float], current: Sequence[float], alpha: float) -> tuple[float, float, float, float]:
    """
    The area under the ROC curve of scores, its two bounds and its p-value.
    """

class RawAlarm:
    """What the core says of a column that changed."""

    @property
    def column(self) -> str:
        """Its name."""

    @property
    def by(self) -> str:
        """The slicing column, or empty."""

    @property
    def slice(self) -> str:
        """Its value."""

    @property
    def what(self) -> str:
        """What changed."""

    @property
    def log_evidence(self) -> float:
        """The log of the evidence."""

    @property
    def update(self) -> int:
        """The look that gave the alarm."""

    @property
    def since(self) -> int:
        """The first look after the change."""

    @property
    def episode(self) -> int:
        """The look of the first alarm in a row."""

    @property
    def rows(self) -> int:
        """Rows since then."""

    @property
    def distance(self) -> float:
        """How far."""

    @property
    def at_least(self) -> float:
        """At least."""

    @property
    def at_most(self) -> float:
        """At most."""

    @property
    def low(self) -> float:
        """The values that changed, from .."""

    @property
    def high(self) -> float:
        """.. to."""

    @property
    def name(self) -> str:
        """The category."""

    @property
    def reference_share(self) -> float:
        """Their share in the reference."""

    @property
    def current_share(self) -> float:
        """Their share since the change."""

class StreamMonitor:
    """The core of a monitor."""

    def __init__(self, reference: Profile, min_effect: float, false_alarms: float, fdr: float, confidence: float, group: int, clocked: bool, clock: str, window: float, in_time: bool, tumbling: bool) -> None:
        """Nothing seen."""

    def update(self, data: object | None, elapsed: float) -> list[RawAlarm]:
        """Count the rows and look."""

    def plan(self, shift: float) -> Table:
        """For each column, the rows that it takes to find such a shift."""

    @property
    def reference(self) -> Profile:
        """What is held against."""

    @property
    def counted(self) -> Profile:
        """All rows so far."""

    @property
    def newest_rows(self, /) -> Profile | None:
        """The counts of the window."""

    @property
    def clock(self) -> str:
        """The column of event times, or empty."""

    @property
    def clocked(self) -> bool:
        """Whether false_alarms is per second."""

    @property
    def min_effect(self) -> float:
        """Changes up to this do not matter."""

    @property
    def confidence(self) -> float:
        """That what is known of the reference is right."""

    @property
    def looks(self) -> int:
        """How many looks there were."""

    @property
    def time(self) -> float:
        """The time that passed."""

    @property
    def state(self) -> list[tuple[str, str, str, float]]:
        """Column, slicing column, slice and log evidence of each."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> StreamMonitor:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class ValueFeed:
    """Values one at a time for a monitor of one column."""

    def __init__(self, monitor: StreamMonitor, every: int) -> None:
        """Nothing collected."""

    def add(self, value: float) -> bool:
        """Whether this value completed a look with an alarm."""

    def take_alarms(self) -> list[RawAlarm]:
        """The alarms since they were last taken."""

class Signals:
    """Places of values within the array that a detector was told."""

    @property
    def drifts(self) -> list[int]:
        """Those at which it found a drift, and began anew."""

    @property
    def warnings(self) -> list[int]:
        """Those at which it warned of one."""

class DDM:
    """
    Has the error rate left its best? Values are 0, right, and 1, an error.

    With p the rate of errors so far and s = sqrt(p (1 - p) / n), of the moment at which p + s was
    least: p + s above that p + `drift_threshold` s is a drift, above p + `warning_threshold` s a
    warning.

    Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004.
    """

    def __init__(self, *, warm_start: int = 30, warning_threshold: float = 2.0, drift_threshold: float = 3.0) -> None:
        """No answer within the first `warm_start` values."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> DDM:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class EDDM:
    """
    Do errors come closer together? Values are 0, right, or 1, an error.

    Of the distances between errors, mean + 2 deviations is held against the most it ever was: a share
    below `beta` is a drift, below `alpha` a warning.

    Baena-Garcia and others, "Early drift detection method", IWKDDS 2006.
    """

    def __init__(self, *, warm_start: int = 30, alpha: float = 0.95, beta: float = 0.9) -> None:
        """No answer within the first `warm_start` errors."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> EDDM:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class HDDMA:
    """
    Has the mean of all values left that of the lowest beginning? Values from 0 to 1.

    By Hoeffding's bound at error `drift_confidence` a drift, at `warning_confidence` a warning; with
    `two_sided` also downwards.

    Frias-Blanco and others, "Online and non-parametric drift detection methods based on Hoeffding's
    bounds", IEEE Transactions on Knowledge and Data Engineering 27, 2015.
    """

    def __init__(self, *, drift_confidence: float = 0.001, warning_confidence: float = 0.005, two_sided: bool = False) -> None:
        """Both are chances of a false answer."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> HDDMA:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class HDDMW:
    """
    Has a weighted mean left that before the best cut? Values from 0 to 1.

    The mean weighs each value `weight` and all before it the rest. By McDiarmid's bound at error
    `drift_confidence` a drift, at `warning_confidence` a warning; with `two_sided` also downwards.

    Frias-Blanco and others, 2015, as HDDMA.
    """

    def __init__(self, *, drift_confidence: float = 0.001, warning_confidence: float = 0.005, weight: float = 0.05, two_sided: bool = False) -> None:
        """Both are chances of a false answer."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> HDDMW:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class ADWIN:
    """
    Has the mean of a window changed at any cut of it?

    The window grows until a cut is found and is kept as some `max_buckets` log(n) sums. Every `clock`
    values each cut with `min_window` values on both sides is tried, at error `delta`.

    Bifet and Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007.
    """

    def __init__(self, *, delta: float = 0.002, clock: int = 32, max_buckets: int = 5, min_window: int = 5, grace: int = 10) -> None:
        """No look at windows of up to `grace` values."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> ADWIN:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

    @property
    def width(self) -> int:
        """How many values the window has."""

    @property
    def mean(self) -> float:
        """Of the window."""

class PageHinkley:
    """
    How far has the sum of deviations from the mean come from its extreme?

    More than `threshold`, in units of the values, is a drift. `delta` is what a deviation may be for
    nothing, 1 - `alpha` what is forgotten at each value, `mode` is "up", "down" or "both".

    Page, "Continuous inspection schemes", Biometrika 41, 1954.
    """

    def __init__(self, *, min_values: int = 30, delta: float = 0.005, threshold: float = 50.0, alpha: float = 0.9999, mode: str = 'both') -> None:
        """No drift before there are `min_values`."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> PageHinkley:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class CUSUM:
    """
    Do deviations from the first values' mean add up, upwards or downwards?

    Deviations are in the first `warm_start` values' standard deviations, less `slack`; a sum above
    `threshold` is a drift.

    Page, "Continuous inspection schemes", Biometrika 41, 1954.
    """

    def __init__(self, *, slack: float = 0.5, threshold: float = 8.0, warm_start: int = 100) -> None:
        """Nothing is known yet."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> CUSUM:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class KSWIN:
    """
    Are the newest `stat_size` values distributed as the others in a sliding window?

    By the two-sample test of Kolmogorov and Smirnov: a p-value up to `alpha` and a distance above
    `min_distance` are a drift. All others are compared, not a random draw of them: the same answer
    every time.

    Raab, Heusinger and Schleif, "Reactive soft prototype computing for concept drift streams",
    Neurocomputing 416, 2020.
    """

    def __init__(self, *, alpha: float = 0.005, window_size: int = 100, stat_size: int = 30, min_distance: float = 0.1) -> None:
        """No answer until the window is full."""

    def add(self, value: float) -> bool:
        """Take one value; whether it is a drift."""

    def update(self, values: object) -> Signals:
        """
        Take an array, value by value, all or nothing: places in it that signalled.
        """

    @property
    def drift(self) -> bool:
        """Whether the newest value was a drift."""

    @property
    def warning(self) -> bool:
        """Whether the newest value was a warning."""

    @property
    def count(self) -> int:
        """How many values there were, ever."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> KSWIN:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class FeatureKind(enum.Enum):
    """What a feature's values are."""

    NUMBER = 0
    """Numbers that have an order."""

    CATEGORY = 1
    """Places in a list of categories."""

    TEXT = 2
    """
    Places in a list of categories, and one behind the last for what is not in it.
    """

class Feature:
    """One column that a model reads."""

    @property
    def name(self) -> str:
        """What the trainer calls it."""

    @property
    def kind(self) -> FeatureKind:
        """Number or category."""

    @property
    def categories(self) -> list[str]:
        """Their names by position, when the trainer knew them."""

class Forest:
    """An ensemble of trees as its trainer means it."""

    @property
    def origin(self) -> str:
        """What trained it."""

    @property
    def features(self) -> list[Feature]:
        """The columns of a row, in order."""

    @staticmethod
    def from_lightgbm(text: bytes) -> Forest:
        """Reads LightGBM's model text."""

    @staticmethod
    def from_lightgbm_json(json: bytes) -> Forest:
        """Reads the JSON of LightGBM's dump_model()."""

    @staticmethod
    def from_xgboost(data: bytes) -> Forest:
        """Reads XGBoost's JSON or UBJSON."""

    @staticmethod
    def from_catboost(data: bytes) -> Forest:
        """Reads CatBoost's JSON."""

    @staticmethod
    def from_onnx(data: bytes) -> Forest:
        """Reads the tree ensemble of an ONNX file."""

    @property
    def covers(self) -> list[tuple[list[float], list[float]]]:
        """
        Of each tree, how many training rows came by its nodes and by its leaves.
        """

    def plain_scores(self, rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
        """
        Raw scores of rows of float64, added up as the trainer does. The slow definition.
        """

    @staticmethod
    def from_parts(*, origin: str, features: Sequence[str], categories: Mapping[int, Sequence[str]], tree_sizes: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], tree_outputs: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], left: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], right: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], feature: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], threshold: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], missing_left: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], test: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], set: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], values: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], covers: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], sets: Sequence[Sequence[int]], start: Sequence[float], divisor: float, reads_float32: bool, link: str, link_scale: float) -> Forest:
        """
        Makes a forest of arrays over the nodes of all trees; a leaf's left is -1.
        """

class ForeignNet:
    """An ONNX graph that is not compiled: its inputs."""

    @staticmethod
    def from_onnx(data: bytes) -> ForeignNet:
        """What rows look like that it takes, and why it is not compiled."""

    @property
    def origin(self) -> str:
        """What made it."""

    @property
    def features(self) -> list[Feature]:
        """The columns of a row, in order."""

    @property
    def reasons(self) -> list[str]:
        """The nodes that have no step, and why."""

class StepError:
    """How far whole numbers are from floats in what a step writes."""

    @property
    def step(self) -> str:
        """Which step."""

    @property
    def largest(self) -> float:
        """Largest difference over the rows."""

    @property
    def mean(self) -> float:
        """Mean difference over the rows."""

    @property
    def range(self) -> float:
        """What the floats span."""

class Net:
    """A model that is not trees alone: steps from a row to its scores."""

    @staticmethod
    def from_onnx(data: bytes) -> Net:
        """Reads an ONNX graph of operators that have a step here."""

    @staticmethod
    def reads_onnx(data: bytes) -> bool:
        """Whether the file is more than trees alone, which a Forest reads."""

    @staticmethod
    def onnx_classes(data: bytes) -> list[str]:
        """What an ONNX graph's classes are called, in the order of their scores."""

    def quantized(self, rows: object, calibrate: str = 'min-max', numbers: str = 'int8') -> tuple[Net, list[StepError]]:
        """
        The net in int8 or int16, with scales from these rows; and its errors over them, the raw scores' last.
        """

    @property
    def origin(self) -> str:
        """What made it."""

    @property
    def features(self) -> list[Feature]:
        """The columns of a row, in order."""

    @property
    def steps(self) -> list[str]:
        """What is done to a row, step by step."""

class NetBuilder:
    """Makes a Net of float64 step by step; slot 0 is a row."""

    def __init__(self, names: Sequence[str], categories: Mapping[int, Sequence[str]]) -> None:
        """Columns by name; those that hold text, with what it may be."""

    def width(self, slot: int) -> int:
        """How many numbers a slot holds."""

    def affine(self, slot: int, weights: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
        """The slot times the weights, one row for each input, and the bias."""

    def activate(self, slot: int, activation: str) -> int:
        """Each number by itself."""

    def combine(self, how: str, slot: int, other: int) -> int:
        """Two slots number by number; the other may be one wide."""

    def combine_with(self, how: str, slot: int, constant: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
        """A slot and constants, as many or one."""

    def select(self, slot: int, columns: Sequence[int]) -> int:
        """Columns, in this order."""

    def concat(self, slots: Sequence[int]) -> int:
        """Slots side by side."""

    def softmax(self, slot: int) -> int:
        """Over the whole slot."""

    def look_up(self, slot: int, table: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> int:
        """The table's row by the number in each column."""

    def fill(self, slot: int, values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
        """Values where something is missing."""

    def missing(self, slot: int) -> int:
        """1 where something is missing, else 0."""

    def place(self, slot: int, how: str, numbers: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
        """
        Where each number is among rising numbers: "equal", "at most" or "below".
        """

    def normalize(self, slot: int, norm: str) -> int:
        """Divided by the norm of the row: "l1", "l2" or "max"."""

    def trees(self, slot: int, forest: Forest) -> int:
        """The raw scores of a forest."""

    def link(self, slot: int) -> int:
        """The forest's predictions from its raw scores."""

    def widen(self, slot: int) -> int:
        """As float64."""

    def finish(self, raw: int, origin: str) -> Net:
        """
        The net; `raw` is the slot of the raw scores, the last one that of the predictions.
        """

class Top:
    """The largest contributions of each row, the largest first."""

    @property
    def names(self, /) -> numpy.typing.NDArray[numpy.object_]:
        """Whose they are."""

    @property
    def values(self, /) -> numpy.typing.NDArray[numpy.float64]:
        """What they add to the raw score."""

    @property
    def places(self, /) -> numpy.typing.NDArray[numpy.int64]:
        """The features' places."""

class Background:
    """
    A sample that a model's rows are explained against: see Model.background.
    """

    def __len__(self) -> int:
        """How many rows there are."""

    def __repr__(self) -> str:
        """One line."""

class SampledBackground:
    """
    A sample that the rows of a model that is a graph of steps are explained against: see Model.background.
    """

    def __len__(self) -> int:
        """How many rows there are."""

    def __repr__(self) -> str:
        """One line."""

class Explanation:
    """
    What each feature adds to the raw scores of some rows. Exports Arrow: a column for each feature, and the base.
    """

    @property
    def values(self, /) -> numpy.typing.NDArray[numpy.float64]:
        """
        Rows x features, or rows x outputs x features: base + their sum is the raw score.
        """

    @property
    def base(self, /) -> numpy.typing.NDArray[numpy.float64]:
        """
        For each output, the raw score of the average training row, or the mean one of the background.
        """

    @property
    def errors(self, /) -> numpy.typing.NDArray[numpy.float64] | None:
        """
        Of each value that was estimated, its standard error over the orders that were drawn; None where all are exact.
        """

    @property
    def interactions(self, /) -> numpy.typing.NDArray[numpy.float64] | None:
        """
        Rows x features x features, or rows x outputs x features x features, where they were asked for: each pair's half of what it adds together, on the diagonal what a feature adds by itself; a row's sum is the feature's value.
        """

    @property
    def feature_names(self) -> list[str]:
        """Of the features, in order."""

    def top(self, k: int) -> Top:
        """
        The k contributions of each row that are largest by their amount, or as many as there are.
        """

    def to_table(self) -> Table:
        """The values and the base as columns."""

    def plot(self, rows: object | None = None, *, row: int | None = None, output: int | None = None, most: int = 12) -> kedge.model.picture.Picture:
        """
        A picture, in notebooks too: a waterfall of one row, or of many rows bars of the mean amounts and a swarm of all contributions. `rows` is what was explained, for the features' values; `row` and `output` choose one; `most` features are shown, the others summed up.
        """

    def to_html(self, rows: object | None = None, *, row: int | None = None, output: int | None = None, most: int = 12) -> str:
        """
        What plot draws as one page, complete without network, fonts or scripts.
        """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The columns of to_table as an Arrow C stream."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __repr__(self) -> str:
        """One line."""

class Reason:
    """One feature's part in a score, and what its value fulfils."""

    @property
    def feature(self) -> str:
        """Its name."""

    @property
    def condition(self) -> str:
        """
        "income <= 31200", "2 < rooms <= 4", "country in {DE, FR}", "age missing": what all trees together ask of the value on the row's way. Of more than twelve categories only the row's own is named.
        """

    @property
    def amount(self) -> float:
        """What it adds to the raw score."""

    @property
    def low(self, /) -> float | None:
        """The smallest number that fulfils it; None without one."""

    @property
    def high(self, /) -> float | None:
        """The largest."""

    @property
    def categories(self, /) -> list[str | int] | None:
        """The categories that fulfil it, by name where they have one."""

    @property
    def is_outside(self) -> bool:
        """The categories are those that do not."""

    @property
    def is_missing(self) -> bool:
        """The row has no value, which is the reason."""

    @property
    def or_missing(self) -> bool:
        """Without a value the score were the same."""

    def __repr__(self) -> str:
        """One line."""

class Reasons:
    """
    Why some rows score as they do: of each the largest contributions, and the conditions that it meets there. A row's are a list of Reason, or a list for each output. Exports Arrow.
    """

    @property
    def names(self, /) -> numpy.typing.NDArray[numpy.object_]:
        """
        The features: rows x top, or rows x outputs x top; None where there are fewer.
        """

    @property
    def conditions(self, /) -> numpy.typing.NDArray[numpy.object_]:
        """What is asked of them, as text."""

    @property
    def amounts(self, /) -> numpy.typing.NDArray[numpy.float64]:
        """What they add to the raw score; 0 where there are fewer."""

    @property
    def others(self, /) -> numpy.typing.NDArray[numpy.float64]:
        """What all other features add: base + amounts + others is the raw score."""

    @property
    def base(self) -> list[float]:
        """For each output, the score that they start from."""

    def to_table(self) -> Table:
        """
        For each row feature_1, reason_1, amount_1 and so on, null where there are fewer, then others and base; of several outputs with score_0. and so on in front.
        """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The columns of to_table as an Arrow C stream."""

    def __getitem__(self, row: int, /) -> Any:
        """The row's reasons, the largest first."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __repr__(self) -> str:
        """One line."""

class Parity:
    """How a model compared with its trainer when it was compiled."""

    def __init__(self, rows: int, rows_off: int, largest_difference: float) -> None:
        """What was found."""

    @property
    def rows(self) -> int:
        """Rows compared; 0 when the trainer was not there."""

    @property
    def rows_off(self) -> int:
        """Rows whose raw scores are not equal to the bit."""

    @property
    def largest_difference(self) -> float:
        """Of the raw scores."""

    def __repr__(self) -> str:
        """One line."""

class Model:
    """A compiled model. Immutable: any number of threads may share it."""

    @overload
    def __init__(self, forest: Forest, metadata: Mapping[str, str] = {}) -> None:
        """
        From a forest; golden rows are drawn and must score as the forest says.
        """

    @overload
    def __init__(self, net: Net, metadata: Mapping[str, str] = {}) -> None:
        """
        From a net; golden rows are drawn and must score alike on every machine.
        """

    @overload
    def __init__(self, net: ForeignNet, graph: bytes, rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], scores: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], metadata: Mapping[str, str] = {}) -> None:
        """Of a graph that onnxruntime runs, with golden rows that it has scored."""

    def predict(self, x: object, *, raw: bool = False, out: object | None = None, threads: int = 1) -> Any:
        """
        What the trainer's predict gives, or with `raw` the scores before the link. NumPy in gives NumPy, columns by place; Arrow in gives an Arrow table, columns by name. A dictionary of one row's values by name gives NumPy.
        """

    @staticmethod
    def from_bytes(data: object) -> Model:
        """Read a model in place; `data` may be a map of a file."""

    @staticmethod
    def load(path: str) -> Model:
        """Map a .kedge file."""

    def save(self, path: object) -> None:
        """Write a .kedge file, whole or not at all."""

    def to_bytes(self) -> bytes:
        """The bytes of a .kedge file, the same on every machine."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def explain(self, x: object, *, background: object | None = None, interactions: bool = False, method: str = 'orders', rounds: int = 16, deadline_ms: float | None = None, threads: int = 1) -> Explanation:
        """
        What each feature adds to the raw scores: exact Shapley values. A feature that is not known is averaged over by the training rows that went either way; with a background, rows, what `background` made of them, or "reference", the rows that the model keeps, it has their values, one row's after the other's. Models that are not trees alone are explained so only, and by estimates, see `Explanation.errors`: from at most so many `rounds`, each an order of the features and its opposite for every row of the background, and none that would end behind the deadline, but 2 in any case. Where features add up or meet in pairs, they are exact. With method "gradients", a net's are integrated gradients, the slope's mean along the straight way from each row of the background at `rounds` points; errors are then what an output's sum is short of. Reads what predict reads.
        """

    def reasons(self, x: object, *, top: int = 3, toward: Literal['up', 'down'] | None = None, background: object | None = None, threads: int = 1) -> Reasons:
        """
        The conditions that decided: for each row the `top` features with the largest contributions, as `explain` gives them, and what the row's ways through all trees ask of each: "income <= 31200". With any other value that fulfils a condition, the rest as it is, the raw score is the same. A feature of which nothing is asked is no reason, nor is one that adds nothing, or with `toward` one that adds the other way.
        """

    def background(self, sample: object) -> Background | SampledBackground:
        """
        A sample made ready for many calls of `explain`: 1 to 10 000 rows, as predict reads them. Takes time and memory for every leaf and row of the sample; then a row to be explained takes time for each leaf and each set of features that tells rows of the sample from its path: fewer than rows, in small trees far fewer.
        """

    def matrix(self, table: object) -> numpy.typing.NDArray[numpy.float64]:
        """A table's rows as float64, as the model reads them."""

    def with_parity(self, parity: Parity) -> Model:
        """The same model with another parity report."""

    def with_profile(self, profile: Profile) -> Model:
        """
        The same model with another reference: the profile of data that has its features.
        """

    def with_background(self, rows: object, *, keep: int = 100) -> Model:
        """
        The same model with rows of its reference, for `explain(x, background="reference")`: at most so many, one drawn from each of as many equal parts of them in the order of their raw scores, always the same. They go into the file as they are: ask for it only where whoever gets the file may see them.
        """

    def info(self) -> dict[str, Any]:
        """What `kedge inspect` prints, as plain data: JSON takes it as it is."""

    def __repr__(self) -> str:
        """One line."""

    @property
    def features(self) -> list[Feature]:
        """What it reads, in order."""

    @property
    def golden_rows(self) -> numpy.typing.NDArray[numpy.float64]:
        """Rows that every load scores anew."""

    @property
    def background_rows(self) -> numpy.typing.NDArray[numpy.float64] | None:
        """The rows of its reference that it keeps; None without."""

    @property
    def parity(self) -> Parity:
        """How it compared with its trainer."""

    @property
    def metadata(self) -> dict[str, str]:
        """What was said of it when it was compiled."""

    @property
    def origin(self) -> str:
        """What trained it."""

    @property
    def outputs(self) -> int:
        """Scores for each row."""

    @property
    def trees(self) -> int:
        """How many trees there are."""

    @property
    def profile_bytes(self) -> bytes | None:
        """The reference profile's bytes, or None."""

    @property
    def profile(self) -> Profile | None:
        """
        The reference: what the rows looked like that it was trained on. None without.
        """

    @property
    def feature_uses(self) -> list[int]:
        """How many nodes ask for each feature."""

    @property
    def nodes(self) -> int:
        """How many nodes ask anything."""

    @property
    def link(self) -> str:
        """How raw scores become predictions."""

    def engine(self, rows: int = 1) -> str:
        """Which engine scores calls of so many rows on this machine."""

class ModelHeader:
    """A model as a C++ header of constant arrays."""

    @property
    def text(self) -> str:
        """The header."""

    @property
    def forest_bytes(self) -> int:
        """Constants of the trees, in bytes."""

    @property
    def column_bytes(self) -> int:
        """Constants of the cells, in bytes."""

    @property
    def counter_bytes(self) -> int:
        """Memory that counting rows takes, in bytes."""

    @property
    def columns(self) -> list[str]:
        """The columns that are counted."""

    @property
    def uncounted(self) -> list[str]:
        """Columns of the reference that are no numbers, or no feature."""

def model_header(model: Model, *, name: str, rows_are_double: bool = False) -> ModelHeader:
    """
    Trees and the reference's cells as constants, in a namespace of that name.
    """

class QualityCounts:
    """What predictions and what became true come to, by part."""

    def __init__(self, kind: str, prediction: str, target: str, threshold: float = 0.5, bins: int = 0, classes: Sequence[str] = [], quantiles: Sequence[float] = [], by: str = '', values: Sequence[str] = [], minimum: float = 1.0, alpha: float = 0.05, reference: str = '', probabilities: Sequence[str] = [], weight: str = '') -> None:
        """Nothing counted yet."""

    def like(self) -> QualityCounts:
        """The same definition, nothing counted."""

    def update(self, data: object | None) -> None:
        """Count every row, or none when one is wrong."""

    def merge(self, other: QualityCounts) -> None:
        """Add what another has counted."""

    def subtract(self, other: QualityCounts) -> None:
        """Take away what another has counted."""

    def counts(self, part: int) -> list[int]:
        """The counts of a part, or of all rows after the last."""

    def sums(self, part: int) -> list[tuple[float, float]]:
        """Each exact sum, as a double and what it leaves."""

    def expected_auc(self, part: int) -> float:
        """The area that scores lead one to expect."""

    def areas(self, part: int) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """
        The areas under the ROC and the precision-recall curve: value, at least, at most.
        """

    @property
    def definition(self) -> dict[str, Any]:
        """The arguments that it was made with, names sorted."""

    @property
    def parts(self) -> list[str]:
        """The name of each part."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> QualityCounts:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class CalibrationCounts:
    """Reliability, and evidence against calibrated scores."""

    def __init__(self, definition: QualityCounts) -> None:
        """Nothing counted yet, whatever `definition` has counted."""

    def like(self) -> CalibrationCounts:
        """The same definition, nothing counted."""

    def update(self, data: object | None) -> None:
        """Count every row in its order, or none when one is wrong."""

    def merge(self, other: CalibrationCounts) -> None:
        """Add what an independent one has counted."""

    @property
    def counts(self) -> QualityCounts:
        """The counts alone."""

    @property
    def log_evidence(self) -> float:
        """Against calibrated scores, now."""

    @property
    def most_log_evidence(self) -> float:
        """The most there ever was."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> CalibrationCounts:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

def chance_limits(hits: int, rows: int, alpha: float) -> tuple[float, float]:
    """The chances of a hit that counts leave open, at all times at once."""

def log_evidence_between(a: tuple[int, int], b: tuple[int, int], factor: float, margin: float, is_above: bool) -> float:
    """
    The logarithm of the evidence that a's chance is above factor * b's + margin, or below.
    """

def log_growth_between(a: float, b: float, share_of_a: float, factor: float, margin: float, is_above: bool) -> float:
    """How fast that evidence grows for one row when these are the chances."""

def parity(groups: Sequence[tuple[int, int]], minimum: float, alpha: float, reference: int | None, is_harm: bool) -> dict[str, Any]:
    """
    The hits and rows of groups against the rule that rates differ by little.
    """

class LateCounts:
    """Predictions that wait for what became true."""

    @overload
    def __init__(self, counter: QualityCounts, id: str, most_waiting: int, time: str, horizon: int) -> None:
        """Nothing waits yet; what `counter` has counted stays."""

    @overload
    def __init__(self, counter: CalibrationCounts, id: str, most_waiting: int, time: str, horizon: int) -> None:
        """The same for a calibration."""

    def predict(self, data: object | None) -> None:
        """Take predictions; each batch all or none."""

    def observe(self, data: object | None) -> None:
        """Count the rows whose prediction waits; each batch all or none."""

    @property
    def counter(self) -> QualityCounts | CalibrationCounts:
        """What has counted so far."""

    @property
    def waiting(self) -> int:
        """Predictions without a label yet."""

    @property
    def joined(self) -> int:
        """Labels that found their prediction."""

    @property
    def never_came(self) -> int:
        """Predictions that left without a label."""

    @property
    def replaced(self) -> int:
        """Predictions whose id came again while they waited."""

    @property
    def unmatched(self) -> int:
        """Labels whose prediction does not wait."""

    @property
    def incomplete(self) -> int:
        """Rows without an id, a time or a label."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> LateCounts:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class ShadowTest:
    """Paired losses of a live model and a candidate."""

    def __init__(self, bound: float, delta: float, alpha: float) -> None:
        """No row yet."""

    def update(self, data: object | None, live: str, candidate: str) -> int:
        """
        Take every pair of losses, or none; returns how many rows have no pair.
        """

    def decision(self) -> dict[str, Any]:
        """What is shown."""

    @property
    def mean_difference(self) -> float:
        """Candidate less live."""

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal counts on every machine."""

    @staticmethod
    def from_bytes(data: bytes) -> ShadowTest:
        """Read the stored form."""

    def __getstate__(self) -> bytes:
        """Pickled and copied as its bytes."""

    def __setstate__(self, data: bytes) -> None:
        """Read them back."""

    def __eq__(self, other: object, /) -> bool: ...

    __hash__: None  # type: ignore[assignment]

class CanaryTest:
    """Outcomes of live and canary traffic."""

    def __init__(self, tolerated: Sequence[tuple[float, float]], alpha: float) -> None:
        """The factor and margin of each outcome."""

    def update(self, data: object | None, arm: str, error: str, latency: str, limit: float) -> None:
        """Count every row, or none when one is wrong, and look."""

    def decision(self) -> dict[str, Any]:
        """What is shown."""

    @property
    def outcomes(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Hits and rows of live and canary so far."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> CanaryTest:
        """Read the stored form."""

class BestArm:
    """Arms of traffic and an outcome that is wanted."""

    def __init__(self, arms: int, margin: float, alpha: float) -> None:
        """No row yet."""

    def update(self, data: object | None, names: Sequence[str], arm: str, outcome: str) -> None:
        """Take every row, or none, and look; `names` are the arms', sorted."""

    @property
    def best(self) -> int:
        """The arm that has won, or the number of arms."""

    @property
    def level(self) -> float:
        """What an arm's evidence must reach."""

    @property
    def rows_needed(self) -> float:
        """About how many more rows it takes."""

    @property
    def arms(self) -> list[tuple[int, int, float, float, float]]:
        """Rows, hits, limits and the logarithm of the evidence of each arm."""

    def to_bytes(self) -> bytes:
        """The stored form."""

    @staticmethod
    def from_bytes(data: bytes) -> BestArm:
        """Read the stored form."""

def places_of_keys(keys: object, salt: str) -> list[float]:
    """Where each key falls between 0 and 1, for ever; 1 without a key."""

def normal_duration(text: str) -> str:
    """The shortest spelling of a duration."""

class WindowStream:
    """Batches in, closed windows out; see kedge.Window."""

    def __init__(self, definition: dict[str, Any], codes: object | None = None) -> None:
        """From the arguments of a definition, and the code of users' aggregates."""

    def push(self, batch: object, partition: int = 0) -> Table:
        """The windows that these rows close."""

    def push_many(self, parts: Sequence[tuple[int, object]]) -> Table:
        """The same for several partitions and their batches."""

    def advance_to(self, time: int) -> Table:
        """The windows that end by then."""

    def finish(self) -> Table:
        """All windows that are open."""

    def late(self) -> Table:
        """The rows that came too late since the last call."""

    def snapshot(self, note: bytes) -> bytes:
        """All that a later push depends on, and the note."""

    @staticmethod
    def restore(data: bytes, expected: WindowStream | None, codes: object | None = None) -> tuple[WindowStream, bytes]:
        """The stream of a snapshot, and its note."""

    def stats(self) -> dict[str, int]:
        """Counters."""

    @property
    def definition(self) -> dict[str, Any]:
        """As the constructor takes it."""

    @property
    def hash(self) -> int:
        """Equal for equal definitions."""

    @property
    def time_unit(self) -> str | None:
        """Of the time column, as numpy names it."""

    @property
    def watermark(self) -> int | None:
        """In the time column's unit; None before there is one."""

def as_of(features: object, labels: object, by: Sequence[str], on: str, features_on: str, tolerance: str | int | None, strict: bool, match_nulls: bool, suffix: str) -> Table:
    """
    The labels with the newest features of their keys and times; see kedge.as_of.
    """

class Service:
    """Answers requests from a folder of .kedge files."""

    def __init__(self, folder: str, drift: tuple[float, float, float, float] = (1.0, 0.02, 3.8580246913580245e-07, 3600.0), remembered_rows: int = 0) -> None:
        """
        Loads every `name/version.kedge`. Drift: seconds between looks, the least effect, false alarms a second, and seconds of the window. Of each model so many rows of answers are remembered for labels to come.
        """

    @staticmethod
    def check_drift(drift: tuple[float, float, float, float]) -> None:
        """Refuse what no service would take."""

    def rescan(self) -> None:
        """Serve what the folder has by now."""

    def take_events(self) -> list[str]:
        """Lines of JSON for whoever runs the server, since they were last taken."""

    def promise(self, latency: float, share: float) -> None:
        """
        What calls for scores are held against: a share of them within so many seconds.
        """

    def answer_at_most(self, bytes: int) -> None:
        """An answer of more bytes is refused."""

    def metrics(self, in_flight: int = 0, most: int = 0, refused: int = 0, client_refused: int = 0, accept: str = '') -> str:
        """
        Counts of calls by method, model, version and code, and their latency, as Prometheus scrapes them, or as OpenMetrics for one that accepts it; with what the transport says of calls that it holds and refused.
        """

    def handle(self, method: str, request: bytes, left: float = ..., waited: float = 0.0, traceparent: str = '') -> tuple[int, str, bytes]:
        """
        The status code, its message and the response to a request of the Open Inference Protocol, which has waited for its turn. Without any seconds left it is refused.
        """

    def route(self, routes: Sequence[tuple[str, str, str, float, float]], shadow_rules: Sequence[tuple[str, float, float, float, int]] = [], canary_rules: Sequence[tuple[str, float, float, float, float, bool]] = []) -> None:
        """
        Replace all routes: model, live version, candidate, its canary and shadow share; and what ends a trial: model, bound of a loss, delta, alpha and least rows; model, factor, margin, alpha, limit of latency in milliseconds, and whether errors count.
        """

    def keep_in(self, folder: str) -> None:
        """
        Keep labels and what trials come to in a folder, and take up what it has.
        """

    def let_go(self) -> None:
        """Leave that folder to others; then there is no feedback."""

    def log_requests(self, folder: str, share: float, most_bytes: int, redact: Sequence[str]) -> None:
        """
        Keep a share of the requests as files in a folder, all of them together up to so many bytes, without the columns that are named.
        """

    def stop(self) -> None:
        """End explanations before they are done."""

    def end_log(self) -> None:
        """Write what waits for that; no call may be under way."""

    def trace(self, share: float, socket: int) -> None:
        """
        Send spans of calls as packets to a socket, which is closed at the end: of those whose callers are traced, and of a share of those that are nobody's part.
        """

    def end_traces(self) -> None:
        """Send what waits for that; no call may be under way."""

    def share_memory(self, prefix: str, most_regions: int, most_bytes: int) -> None:
        """
        Read contents from objects of shared memory whose names begin so, and write outputs there: of so many regions, which have so many bytes together.
        """

    def stream(self, request: bytes, left: float = ..., waited: float = 0.0, traceparent: str = '') -> tuple[int, str, bytes]:
        """
        The same for one request of a ModelStreamInfer, of which an error is a response.
        """

class Reflection:
    """What a server's services and messages are."""

    def __init__(self, descriptors: bytes) -> None:
        """Of the bytes of a FileDescriptorSet."""

    def answer(self, request: bytes) -> bytes:
        """The ServerReflectionResponse to a ServerReflectionRequest."""

def scrape_type(accept: str) -> str:
    """The media type of the text that a scraper gets who accepts these."""

def read_infer_request(message: bytes) -> dict[str, Any]:
    """
    What a ModelInferRequest says: numbers as the bytes of their elements, little-endian.
    """

def echo_infer_request(message: bytes) -> bytes:
    """
    The ModelInferResponse that has the request's inputs as outputs, raw if they were.
    """

def latency_cells(ns: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
    """The cell of each latency in nanoseconds."""

def latency_bounds() -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
    """The largest latency of each cell, in nanoseconds."""

def arrivals(parts: Sequence[tuple[float, float, float]], poisson: bool = False, seed: int = 0) -> Annotated[NDArray[numpy.int64], dict(shape=(None,))]:
    """
    When calls are due, in nanoseconds: for each part its seconds, first and last rate.
    """

def canonical_json(json: bytes) -> bytes:
    """The bytes that TUF signs for a JSON text."""

def matches_path(pattern: str, path: str) -> bool:
    """Whether a delegation's pattern stands for a path."""

class TrustClient:
    """What boards verify updates with: a client of The Update Framework."""

    def __init__(self, folder: str, root: bytes) -> None: ...

    def refresh(self, fetch: Callable[[str, int], bytes | None], now: int | None, grace: int = 0) -> None:
        """
        Take the repository's metadata; fetch(path, most) gives bytes, or None.
        """

    def download(self, fetch: Callable[[str, int], bytes | None], path: str, now: int | None, grace: int = 0) -> bytes | None:
        """The bytes of a target, checked, or None when no role names it."""

    @property
    def targets(self) -> list[tuple[str, str]]:
        """
        Path and custom part, as canonical JSON, of what the top-level role signs.
        """

    @property
    def floor(self) -> int:
        """The latest time signed as past, in seconds since 1970."""

class UpdatePackage:
    """A repository's files in one."""

    def __init__(self, path: str) -> None: ...

    def fetch(self, path: str, most: int) -> bytes | None:
        """
        The bytes of a file in it, or None; TrustClient takes this for a repository.
        """

class Rejected:
    """A record that is no row, and why."""

    @property
    def index(self) -> int:
        """Its place among the records of the call."""

    @property
    def field(self) -> str:
        """The field, empty when it is the record itself."""

    @property
    def reason(self) -> str:
        """What was wanted, and what was there instead."""

    @property
    def record(self) -> bytes:
        """The record."""

    def __repr__(self) -> str:
        """All of it but the record."""

class JsonRecords:
    """JSON records into columns."""

    def __init__(self, schema: object) -> None:
        """Columns by the paths of their fields."""

    def decode(self, data: object) -> tuple[Table, list[Rejected]]:
        """
        A table of all that are rows, and those that are not: of a list of records, or of bytes with a record on each line.
        """

    def push(self, chunk: bytes) -> tuple[Table, list[Rejected]]:
        """The same of the next chunk of lines; one that is not complete is kept."""

    def finish(self) -> tuple[Table, list[Rejected]]:
        """The same of what was kept."""

    @property
    def skipped(self) -> int:
        """Fields that no column asked for, so far."""

class CsvRecords:
    """CSV records into columns."""

    def __init__(self, schema: object, *, delimiter: str = ',', names: Sequence[str] = []) -> None:
        """
        Columns by the names of their fields: of the first record, or those given in order.
        """

    def decode(self, data: object) -> tuple[Table, list[Rejected]]:
        """
        A table of all that are rows, and those that are not: of a list of records, or of bytes with a record on each line.
        """

    def push(self, chunk: bytes) -> tuple[Table, list[Rejected]]:
        """The same of the next chunk of lines; one that is not complete is kept."""

    def finish(self) -> tuple[Table, list[Rejected]]:
        """The same of what was kept."""

    @property
    def skipped(self) -> int:
        """Fields that no column asked for, so far."""

class AvroRecords:
    """Avro records into columns."""

    def __init__(self, schema: object, writer: str | dict[int, str]) -> None:
        """Columns by the paths of their fields, and who wrote the records."""

    def decode(self, data: object) -> tuple[Table, list[Rejected]]:
        """A table of all records that are rows, and those that are not."""

    def add_writer(self, id: int, schema: str) -> None:
        """Records that come with this id are of this writer."""

def schema_id(record: bytes) -> int | None:
    """
    The id that a schema registry put before a record; None when there is none.
    """

def avro_canonical(schema: str) -> str:
    """A schema's Parsing Canonical Form: equal for schemas that read alike."""

def avro_fingerprint(schema: str) -> int:
    """The CRC-64-AVRO of that form."""

class ProtobufRecords:
    """Messages of Protocol Buffers into columns."""

    def __init__(self, schema: object, descriptors: bytes, message: str, *, framed: bool = False) -> None:
        """
        Columns by the paths of their fields, in a message that a FileDescriptorSet has.
        """

    def decode(self, data: object) -> tuple[Table, list[Rejected]]:
        """A table of all records that are rows, and those that are not."""

class BoardStream:
    """A board's upload, as a hub reads it."""

    def __init__(self) -> None:
        """Nothing has come."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""

    @property
    def phase(self) -> int:
        """
        0 greeting, 1 it is answered next, 2 proof, 3 it is judged next, 4 gap, 5 header, 6 records.
        """

    @property
    def hello(self) -> tuple[int, int, bytes]:
        """The greeting: version, life, device."""

    def ask_proof(self) -> None:
        """What comes next is the answer to a challenge."""

    @property
    def proof(self) -> bytes:
        """That answer."""

    def begin(self, next: tuple[int, int, int, bytes]) -> None:
        """
        Say which record is wanted first: life, number, events before it, chain.
        """

    def take(self, with_scores: bool) -> list[tuple[int, int, int, int, bytes]]:
        """
        The new records that the bytes held: kind, number, events before it, events, payload.
        """

    @property
    def next(self) -> tuple[int, int, int, bytes]:
        """Which record is wanted next, as begin takes it."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Records, events, lost records, lost events, since begin."""

    @property
    def waiting(self) -> int:
        """Bytes of a record that is not whole."""

def first_place(device: bytes, life: int) -> tuple[int, int, int, bytes]:
    """The place of a device's first record."""

class ProfileShape:
    """Cells and names of profiles that may be merged."""

    def __init__(self, profile: Profile) -> None:
        """Of a profile, whatever it has counted."""

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the empty profile's bytes."""

    @property
    def slots(self) -> int:
        """Counters that such a profile has."""

    @property
    def is_flat(self) -> bool:
        """Whether all columns are numbers, which is fast."""

    def rows_of(self, data: bytes, start: int = 0) -> int | None:
        """
        The rows of a stored profile of this shape that begins there; None for other bytes.
        """

class ProfileSum:
    """The sum of stored profiles of one shape."""

    def __init__(self, shape: ProfileShape) -> None:
        """Of no rows."""

    def add(self, data: bytes) -> bool:
        """Add a stored profile; False, and nothing added, for other bytes."""

    @property
    def rows(self) -> int:
        """How many rows were added."""

    def to_bytes(self) -> bytes:
        """The stored form of the profile of all rows."""
