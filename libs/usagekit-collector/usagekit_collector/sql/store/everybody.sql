-- The whole map.
SELECT project, kind, id, person_id, is_identified, created_at, properties
FROM identity FINAL
WHERE kind != 'mark'
