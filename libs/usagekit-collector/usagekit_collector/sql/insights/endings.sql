-- How the runs of each command ended in each version, whenever that was and whoever it was: it stands
-- by itself, without what goes before the others.
SELECT
    version,
    command,
    outcome,
    error_type,
    failure_kind,
    count() AS count,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM events
WHERE project = {project:UInt32} AND outcome != ''
GROUP BY version, command, outcome, error_type, failure_kind
