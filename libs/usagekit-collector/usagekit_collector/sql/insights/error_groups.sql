-- The ways in which commands fail, that of the most persons first.
SELECT
    error_type,
    failure_kind,
    command,
    count() AS count,
    uniqExact(person) AS persons,
    uniqExactIf(person, audience = 'ci') AS in_ci,
    uniqExactIf(person, audience = 'agents') AS by_agents
FROM seen
WHERE outcome = 'failed' AND is_in_time AND is_asked_for
GROUP BY error_type, failure_kind, command
ORDER BY persons DESC, count DESC, error_type, failure_kind, command
LIMIT {limit:UInt32}
