-- Parts of tables that could not be read, and were put aside: by the engine when it started, or by
-- the collector, for which there is no reason written down.
SELECT table, name
FROM system.detached_parts
WHERE database = currentDatabase() AND (reason = '' OR match(reason, 'broken|unexpected'))
ORDER BY table, name
