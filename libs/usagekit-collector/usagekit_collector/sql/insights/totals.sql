-- All runs together.
SELECT
    count() AS count,
    uniqExact(person) AS persons,
    countIf(outcome = 'failed') AS failures,
    count(duration) AS timed,
    quantilesExactInclusive(LEVELS)(duration) AS percentiles
FROM seen
WHERE outcome != '' AND is_in_time AND is_asked_for
