"""Benchmarks of the stage that computes conditions and columns."""
