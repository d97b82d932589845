-- Persons, by their IDs.
SELECT project, person_id, created_at, is_identified, properties
FROM identity FINAL
WHERE project = {project:UInt32} AND kind = 'person' AND own_id IN {own_ids:Array(UUID)}
