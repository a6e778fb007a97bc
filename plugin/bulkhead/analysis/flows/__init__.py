"""Observed traffic of an input: records and an inventory become rows with the verdict of the overlays."""
