-- Each command, the most used first. Percentiles are of all its runs, not of a sample.
SELECT
    command,
    count,
    persons,
    failures,
    failures / count AS failure_rate,
    if(isNaN(percentiles[1]), NULL, percentiles[1]) AS p50,
    if(isNaN(percentiles[2]), NULL, percentiles[2]) AS p95
FROM
(
    SELECT
        command,
        count() AS count,
        uniqExact(person) AS persons,
        countIf(outcome = 'failed') AS failures,
        quantilesExactInclusive(0.5, 0.95)(duration) AS percentiles
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
    GROUP BY command
)
ORDER BY count DESC, command
LIMIT {limit:UInt32}
