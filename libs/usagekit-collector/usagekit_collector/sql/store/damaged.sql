-- Parts of tables that the engine could not read, and has put aside.
SELECT table, name
FROM system.detached_parts
WHERE database = currentDatabase() AND match(reason, 'broken|unexpected')
ORDER BY table, name
