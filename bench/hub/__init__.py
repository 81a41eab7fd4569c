"""Benchmarks of the fleet: what a hub keeps up with."""
