"""The REST API under /api/v1/: `root.py` puts it together, `routers/` holds its operations by noun."""
