"""Stand-ins for what lies outside this machine, and homes to throw away. For tests and demo."""
