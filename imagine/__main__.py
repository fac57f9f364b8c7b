"""``python -m imagine``."""

from imagine.cli import main

if __name__ == "__main__":
    main()
