-- Each event, the most frequent first.
SELECT
    event,
    count() AS count,
    uniqExact(person) AS persons,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM seen
WHERE is_in_time AND is_asked_for
GROUP BY event
ORDER BY count DESC, event
LIMIT {limit:UInt32}
