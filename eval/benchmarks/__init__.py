"""Measurements run by hand: each is a program of its own, ``python -m eval.benchmarks.NAME``."""
