-- How many were there in each period, of those of whom it is known who they are and of the others.
SELECT
    period,
    person IN (
        SELECT reinterpretAsUInt64(person_id)
        FROM identity FINAL
        WHERE project = {project:UInt32} AND kind = 'person' AND is_identified
    ) AS is_identified,
    uniqExact(person) AS persons
FROM seen
WHERE is_in_time AND is_asked_for
GROUP BY period, is_identified
