"""Measurements that are no suite: run by hand, each a module with a docstring that says how."""
