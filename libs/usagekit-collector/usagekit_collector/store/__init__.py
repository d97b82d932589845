"""The store: its engine, its one writer, and what is known of what is in it."""
