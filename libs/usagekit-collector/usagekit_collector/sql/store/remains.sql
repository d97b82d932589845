-- All files in which a deleted row may still be: parts, and the statements by which they are changed.
SELECT table, name FROM system.parts
WHERE database = currentDatabase() AND table IN ('events', 'identity')
UNION ALL
SELECT table, mutation_id FROM system.mutations
WHERE database = currentDatabase() AND table IN ('events', 'identity')
