-- Events that name one of these IDs.
SELECT seq FROM events WHERE project = {project:UInt32} AND merged_id IN {ids:Array(String)}
