"""A browser without a screen: fetches a page and follows where it leads."""

import sys
import urllib.request

if __name__ == "__main__":
    with urllib.request.urlopen(sys.argv[1], timeout=20) as page:
        page.read()
