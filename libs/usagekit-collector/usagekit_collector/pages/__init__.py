"""What a maintainer opens in the morning: data → HTML. Pure; no I/O but its own templates."""
