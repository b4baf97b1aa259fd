"""Fault tests: real processes under a seeded schedule of faults, independent clients, and a judge of what they showed.

`python -m tests.chaos --help` runs them.
"""
