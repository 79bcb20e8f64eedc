"""The rows: the only place that imports SQLAlchemy."""
