"""`python -m cutover_cli.demo`: the same as `cutover demo`."""

import typer

from cutover_cli.demo.command import demo

if __name__ == "__main__":
    typer.run(demo)
