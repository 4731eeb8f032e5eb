"""The filters, one a file."""
