"""Benchmarks of the stage that scores."""
