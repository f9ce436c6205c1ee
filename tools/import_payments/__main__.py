"""`python -m tools.import_payments FILE.csv --table NAME`: a rehearsal, until --write is given."""

import csv
import random
import time
from pathlib import Path
from typing import Annotated

import boto3
import typer
from payments.store.table import Table
from rich.console import Console
from rich.table import Table as Grid

from tools.import_payments.importer import Totals, import_rows
from tools.import_payments.rows import COLUMNS


def main(
    file: Annotated[Path, typer.Argument(help="CSV export of the earlier payments table")],
    table: Annotated[str, typer.Option(help="Name of the payments table")],
    region: Annotated[str, typer.Option(help="AWS region")] = "eu-west-1",
    endpoint: Annotated[str | None, typer.Option(help="For the local stack's emulator")] = None,
    write: Annotated[bool, typer.Option(help="Write; without it, only say what would be")] = False,
) -> None:
    """Import payments of the earlier integration. Running it again changes nothing."""
    console = Console()
    client = boto3.client("dynamodb", region_name=region, endpoint_url=endpoint)
    target = Table(client, table, sleep=time.sleep, jitter=random.SystemRandom())
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            console.print(f"{file}: columns are missing: {', '.join(sorted(missing))}")
            raise typer.Exit(2)
        totals = import_rows(target, reader, now=int(time.time()), writes=write)
    _show(console, totals, is_rehearsal=not write)
    raise typer.Exit(1 if totals.refused else 0)


def _show(console: Console, totals: Totals, *, is_rehearsal: bool) -> None:
    verb = "to import" if is_rehearsal else "imported"
    console.print(f"{totals.imported} {verb}, {totals.present} already there")
    grid = Grid("status", "payments", "KES")
    for word in sorted(totals.count):
        grid.add_row(word, str(totals.count[word]), f"{totals.amount_kes[word]:,}")
    console.print(grid)
    for sentence in totals.refused:
        console.print(f"refused: {sentence}", style="red", highlight=False)
    if is_rehearsal:
        console.print("Nothing was written. Add --write to import.")


if __name__ == "__main__":
    typer.run(main)
