"""Serving: gunicorn in one process, the worker in another, and a supervisor that keeps both alive."""
