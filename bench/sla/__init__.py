"""Benchmarks of the stage that says whether a service level holds."""
