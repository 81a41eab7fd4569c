"""Every aggregate with each kind of column it takes."""

from __future__ import annotations

from tests.window.agreement import Ask

COUNTS = [Ask("count"), *(Ask("count", (name,)) for name in "vibs")]
SUMS = [*(Ask("sum", (name,)) for name in "vfiub"), *(Ask("mean", (name,)) for name in "vfiub")]
SPREADS = [
    Ask("variance", ("v",)),
    Ask("variance", ("i",), {"ddof": 0}),
    Ask("stddev", ("v",)),
    Ask("stddev", ("f",), {"ddof": 0}),
]
EXTREMES = [Ask(way, (name,)) for way in ("min", "max") for name in "vfiub"]
ENDS = [Ask(way, (name,)) for way in ("first", "last") for name in "vfiub"]
TIMES = [Ask(way, ("d",)) for way in ("min", "max", "first", "last")]
TEXTS = [Ask(way, ("s",)) for way in ("min", "max", "first", "last")]
FIRST = [*COUNTS, *SUMS, *SPREADS, *EXTREMES, *ENDS, *TIMES]

SHAPES = [Ask("skew", ("v",)), Ask("kurtosis", ("v",)), Ask("correlation", ("v", "w"))]
ARGS = [
    *(Ask(way, (name,)) for way in ("argmin", "argmax") for name in "vi"),
    *(Ask(way, ("i",), {"of": name}) for way in ("argmin", "argmax") for name in "vuds"),
]
TRUTHS = [Ask("any", ("b",)), Ask("all", ("b",))]
DISTINCTS = [Ask("distinct", (name,)) for name in "vfiubsd"]
DISTINCTS += [Ask("distinct", (name,), {"exact": True}) for name in "vs"]
QUANTILES = [Ask("quantile", (name, q)) for name in "vi" for q in (0.0, 0.25, 0.5, 0.99, 1.0)]
QUANTILES += [Ask("quantile", ("f", 0.9), {"exact": True})]
HISTOGRAMS = [
    *(Ask("histogram", (name,), {"bounds": (-2.5, -1, 0, 0.25, 1, 50)}) for name in "vfiub"),
    Ask("histogram", ("v",), {"bins": 5, "range": (-1, 2)}),
    Ask("histogram", ("u",), {"bins": 3, "range": (-1, 2.0**64)}),
]
TOPS = [
    Ask("top", (name,), {"k": k}) for name, k in zip("vfiubsd", [3, 2, 1, 2, 2, 3, 4], strict=True)
]
TOPS += [Ask("top", ("i",), {"k": 512})]
RATES = [Ask("rate"), Ask("rate", ("v",)), Ask("rate", ("i",), {"per": "60s"})]
DELTAS = [Ask("delta", (name,)) for name in "vid"]
DECAYS = [Ask("ema", ("v",), {"halflife": "10s"}), Ask("ema", ("i",), {"halflife": "3600s"})]
MORE = [
    *TEXTS,
    *SHAPES,
    *ARGS,
    *TRUTHS,
    *DISTINCTS,
    *QUANTILES,
    *HISTOGRAMS,
    *RATES,
    *DELTAS,
    *DECAYS,
]
# Those whose states own memory, beside some that do not: they merge pane by pane.
OWNING = [Ask("count"), *TEXTS, *ARGS, *DISTINCTS, *QUANTILES, *HISTOGRAMS, *TOPS]
