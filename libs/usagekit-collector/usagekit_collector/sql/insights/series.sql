-- The runs of each period, of each NAME that is wanted.
SELECT
    period,
    name,
    count() AS count,
    uniqExact(person) AS persons,
    countIf(outcome = 'failed') AS failures,
    quantileExactInclusive(0.95)(duration) AS p95
FROM
(
    SELECT period, NAME AS name, person, outcome, duration
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
)
WHERE name IN {names:Array(String)}
GROUP BY period, name
