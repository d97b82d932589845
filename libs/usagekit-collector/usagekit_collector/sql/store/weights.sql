-- How many bytes each of these persons takes in memory, about: properties, and all distinct_ids.
SELECT person_id, sum(if(kind = 'person', 3 * length(properties), 400)) AS bytes
FROM identity FINAL
WHERE project = {project:UInt32} AND kind != 'mark' AND person_id IN {persons:Array(UUID)}
GROUP BY person_id
