"""Random operation sequences, run against the engine and against an emulator, and compared."""
