"""Template tags of the trading pages."""
