-- A piece of a project's events that say anything of who is who, in the order in which they arrived.
SELECT project, seq, event, distinct_id, timestamp, merged_id, changes
FROM events
WHERE project = {project:UInt32} AND seq > {after:UInt64} AND person_mode = 'full'
ORDER BY seq
LIMIT {limit:UInt32}
