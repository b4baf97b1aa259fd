"""The market: real daily bars replayed along an intraday path, or a random walk, written as quotes and candles."""
