-- Each version's runs, whenever they were and whoever it was: it stands by itself, without what goes
-- before the others.
SELECT version, min(timestamp) AS first_seen, max(timestamp) AS last_seen
FROM events
WHERE project = {project:UInt32} AND outcome != ''
GROUP BY version
