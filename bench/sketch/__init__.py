"""Benchmarks of the stage that says what changed between two samples."""
