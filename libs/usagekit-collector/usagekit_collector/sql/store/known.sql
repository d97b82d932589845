-- The events of a project that arrived within a range and have one of these UUIDs.
SELECT uuid, event, distinct_id, merged_id
FROM events
WHERE project = {project:UInt32}
  AND seq > {after:UInt64}
  AND seq <= {upto:UInt64}
  AND uuid IN {uuids:Array(UUID)}
