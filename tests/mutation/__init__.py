"""Generated mutants: small faults put into the product one at a time, to see that a test notices.

`make mutants` draws a sample and hunts each mutant with the unit tests, then seeded histories, then
the functional tests. Nothing on disk changes: a forked child imports the changed module.
"""
