-- Each version, the newest first.
SELECT
    version,
    count() AS count,
    uniqExact(person) AS persons,
    countIf(outcome = 'failed') / count AS failure_rate,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM seen
WHERE outcome != '' AND is_in_time AND is_asked_for
GROUP BY version
ORDER BY first_seen DESC, version
LIMIT {limit:UInt32}
