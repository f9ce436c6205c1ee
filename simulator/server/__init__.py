"""The HTTP face: the pure core on real time, its control API and its pages."""
