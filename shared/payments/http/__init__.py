"""HTTP: requests, answers, messages for customers, and authentication."""
