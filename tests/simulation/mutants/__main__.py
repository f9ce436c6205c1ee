"""`python -m tests.simulation.mutants NAME [SEEDS]`: hunt one mutant; without a name, list them."""

import sys

from .catalogue import MUTANTS
from .one import hunt

if len(sys.argv) < 2:
    sys.stdout.write("\n".join(f"{each.name}: {each.breaks}" for each in MUTANTS) + "\n")
    raise SystemExit(0)
raise SystemExit(hunt(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000))
