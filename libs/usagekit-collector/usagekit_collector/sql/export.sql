-- A piece of the events between two times, in the order in which they arrived.
SELECT events.*, if(merged.own_id = events.own_id, merged.person_id, events.own_id) AS person
FROM
(
    SELECT *
    FROM events
    WHERE project = {project:UInt32}
      AND seq > {after:UInt64}
      AND seq <= {until:UInt64}
      AND timestamp >= {start:DateTime64(6, 'UTC')}
      AND timestamp < {end:DateTime64(6, 'UTC')}
) AS events
LEFT JOIN
(
    SELECT *
    FROM (MERGED)
    WHERE own_id IN
    (
        SELECT own_id
        FROM events
        WHERE project = {project:UInt32} AND seq > {after:UInt64} AND seq <= {until:UInt64}
    )
) AS merged ON merged.own_id = events.own_id
ORDER BY seq
