"""Runs one of the programs beside it as an installed one runs: imported, and so compiled before.

``python start.py hello_ours hello``
"""

import sys

if __name__ == "__main__":
    sys.exit(__import__(sys.argv.pop(1)).main())
