"""Reads records of observed traffic: one module for each format, and one line in `flow_formats`."""
