-- The ways in which commands fail, the most frequent first.
SELECT
    failure_kind,
    error_type,
    command,
    version,
    count() AS count,
    uniqExact(person) AS persons
FROM seen
WHERE outcome = 'failed' AND is_in_time AND is_asked_for
GROUP BY failure_kind, error_type, command, version
ORDER BY count DESC, failure_kind, error_type, command, version
LIMIT {limit:UInt32}
