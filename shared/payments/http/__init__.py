"""HTTP in and out: requests, answers, sentences, who is calling."""
