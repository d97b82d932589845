"""What tracking costs, measured beside no tracking and beside peers, in one run."""
