"""`make deploy`: what is in the repository is what runs, or nothing is changed."""
