"""Slow, plain answers that the fast ones are held to. Never shipped."""
