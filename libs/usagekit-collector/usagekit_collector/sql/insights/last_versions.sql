-- The version of each person's last run, that of the most persons first.
SELECT
    last_version AS version,
    count() AS persons,
    countIf(last_audience = 'ci') AS in_ci,
    countIf(last_audience = 'agents') AS by_agents,
    max(last) AS last_seen
FROM
(
    SELECT
        person,
        argMax(version, timestamp) AS last_version,
        argMax(audience, timestamp) AS last_audience,
        max(timestamp) AS last
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
    GROUP BY person
)
GROUP BY version
ORDER BY persons DESC, version
LIMIT {limit:UInt32}
