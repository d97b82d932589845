-- How many of these runs took how long: keys as strata.sql has them, each with a bucket of
-- queries/stats.py in its last 12 bits, from -2048.
SELECT
    bitShiftRight(cityHash64(command), 13) * 8192 + (SECOND) * 4096
        + toUInt64(2048 + least(floor(log(greatest(assumeNotNull(duration), 0.001)) / log(1.05)), 2047))
        AS key,
    count() AS count
FROM seen
WHERE outcome != '' AND duration IS NOT NULL AND is_in_time AND is_asked_for
    AND (empty({versions:Array(String)}) OR version IN {versions:Array(String)})
GROUP BY key
