-- The runs of each NAME, that of the most persons first.
SELECT
    name,
    count() AS count,
    uniqExact(person) AS persons,
    countIf(outcome = 'failed') AS failures,
    count(duration) AS timed,
    quantilesExactInclusive(LEVELS)(duration) AS percentiles,
    uniqExactIf(person, audience = 'ci') AS in_ci,
    uniqExactIf(person, audience = 'agents') AS by_agents,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen,
    argMax(version, timestamp) AS last_version
FROM
(
    SELECT NAME AS name, person, outcome, duration, audience, timestamp, version
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
)
GROUP BY name
ORDER BY persons DESC, count DESC, name
LIMIT {limit:UInt32}
