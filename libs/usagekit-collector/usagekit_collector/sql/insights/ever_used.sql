-- When each NAME was used last, of all that is stored and whoever it was. It stands by itself, without
-- what goes before the others.
SELECT name, max(timestamp) AS last_seen, argMax(version, timestamp) AS last_version
FROM
(
    SELECT NAME AS name, timestamp, version
    FROM events
    WHERE project = {project:UInt32} AND outcome != ''
)
GROUP BY name
