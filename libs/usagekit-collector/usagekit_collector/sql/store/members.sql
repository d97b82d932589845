-- All distinct_ids of some persons.
SELECT project, id, person_id
FROM identity FINAL
WHERE project = {project:UInt32} AND kind = 'distinct_id' AND person_id IN {persons:Array(UUID)}
ORDER BY id
