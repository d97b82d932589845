-- By what a store is known, wherever it is and whatever it is called.
SELECT toString(uuid) FROM system.tables WHERE database = currentDatabase() AND name = 'events'
