"""Benchmarks of the stage that says how good predictions are."""
