"""Bytes in, passages out: parsing, embedding, the catalog and search.

Knows no language model and no user interface.
"""
