-- How the runs of each command ended in each version, whenever that was.
SELECT
    version,
    command,
    outcome,
    error_type,
    failure_kind,
    count() AS count,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM seen
WHERE outcome != ''
GROUP BY version, command, outcome, error_type, failure_kind
