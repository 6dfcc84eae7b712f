"""Rows of tag schemes: what a field becomes, for a list of tags. Read by `test_schemes`."""
