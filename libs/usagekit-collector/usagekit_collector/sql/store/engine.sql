-- Of which kind a table is.
SELECT database, engine_full
FROM system.tables
WHERE database = currentDatabase() AND name = {table:String}
