-- All runs together.
SELECT
    count() AS count,
    uniqExact(person) AS persons,
    countIf(outcome = 'failed') AS failures,
    quantilesExactInclusive(0.5, 0.95, 0.99)(duration) AS percentiles
FROM seen
WHERE outcome != '' AND is_in_time AND is_asked_for
