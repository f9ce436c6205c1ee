"""Eight published Daraja clients, only their base URL replaced, against the defaults."""
