"""Run the koonj command with `python -m koonj`."""

from koonj.cli.main import entry

if __name__ == "__main__":
    entry()
