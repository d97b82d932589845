-- The events of a project that have one of these UUIDs.
SELECT uuid, event, distinct_id, merged_id
FROM events
WHERE project = {project:UInt32} AND uuid IN {uuids:Array(UUID)}
