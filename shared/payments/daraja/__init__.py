"""Safaricom's Daraja API: the only place that knows its spellings, its errors and its token."""
