-- Whose these distinct_ids are.
SELECT project, id, person_id
FROM identity FINAL
WHERE project = {project:UInt32} AND kind = 'distinct_id' AND own_id IN {own_ids:Array(UUID)}
