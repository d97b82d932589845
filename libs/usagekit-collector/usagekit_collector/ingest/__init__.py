"""From what an SDK sends to an event, and who is who. Pure; no I/O."""
