"""Uploads: names that are never given twice, deletes that reach the edge, private files."""
