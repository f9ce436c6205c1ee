"""The local AWS emulator: ministack, with each gap that this product would notice closed.

Pure translation lives in `openapi`, `pipe_events` and `http_events`; the `..._patches` modules put
it in place. The emulator has an environment of its own (requirements/emulator.txt), so ministack
is imported only inside the functions that patch it.
"""
