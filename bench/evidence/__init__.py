"""Benchmarks of evidence and of monitors."""
