"""``python -m leanlung``, the same as ``leanlung``."""

from leanlung.cli import main

if __name__ == "__main__":
    main()
