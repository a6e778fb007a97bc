"""The layout of all reports: colour, width, cut lists, Markdown, JSON documents. It may import ``core``."""
