-- Whose distinct_id is not their own any more: an event's person is the person_id of its own_id
-- here, else the own_id itself. It stands in other queries where they say so.
SELECT own_id, person_id
FROM identity FINAL
WHERE project = {project:UInt32} AND kind = 'distinct_id' AND own_id != person_id
