-- The runs of each command, as sums over persons: those that are SECOND have an odd key, the others an
-- even one. A key is a number, by hashes.sql, which takes half the time of names.
SELECT
    key,
    count() AS persons,
    sum(own_runs) AS runs,
    sum(own_failures) AS failures,
    sum(own_runs * own_runs) AS runs2,
    sum(own_failures * own_failures) AS failures2,
    sum(own_runs * own_failures) AS both
FROM
(
    SELECT
        bitShiftRight(cityHash64(command), 13) * 2 + (SECOND) AS key,
        person,
        count() AS own_runs,
        countIf(outcome = 'failed') AS own_failures
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
        AND (empty({versions:Array(String)}) OR version IN {versions:Array(String)})
    GROUP BY key, person
)
GROUP BY key
