"""What tracking costs, measured beside no tracking and beside a peer, in one run."""
