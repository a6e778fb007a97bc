"""Observed traffic: who connected to whom, folded into rows, and what the answer is based on."""
