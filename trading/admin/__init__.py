"""Django admin of the trading domain, one file per noun."""
