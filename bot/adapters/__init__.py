"""Adapters: one module of typed methods for each outside system, which confines its SDK."""
