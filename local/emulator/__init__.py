"""The local AWS emulator: ministack, with each gap that this product would notice closed.

Pure translation lives in `openapi`, `pipe_events` and `http_events`; `patches` puts it in place.
It runs in an environment of its own (requirements/emulator.txt), so only `patches` and `__main__`
import ministack, and only when they are used.
"""
