"""Benchmarks of the stage that counts."""
