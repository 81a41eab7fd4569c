"""Benchmarks of the loops that exist once for each instruction set."""
