"""Reads of the trading domain: each takes user ids (or symbols), returns rows, and costs one query."""
