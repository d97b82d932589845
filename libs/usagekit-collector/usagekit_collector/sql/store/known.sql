-- Which of these UUIDs a project has already.
SELECT uuid FROM events WHERE project = {project:UInt32} AND uuid IN {uuids:Array(UUID)}
