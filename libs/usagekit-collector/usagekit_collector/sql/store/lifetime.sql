-- How often, and from when to when, somebody of these IDs was seen.
SELECT count(), min(timestamp), max(timestamp)
FROM events
WHERE project = {project:UInt32} AND own_id IN {own_ids:Array(UUID)}
