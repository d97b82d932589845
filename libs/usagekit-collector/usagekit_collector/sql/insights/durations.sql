-- How many runs took how long, for each command of each NAME: in buckets as in queries/stats.py.
SELECT
    name,
    command,
    toInt32(floor(log(greatest(duration, 0.001)) / log(1.05))) AS bucket,
    count() AS count
FROM
(
    SELECT NAME AS name, command, duration
    FROM seen
    WHERE outcome != '' AND duration IS NOT NULL AND is_in_time AND is_asked_for
)
WHERE empty({names:Array(String)}) OR name IN {names:Array(String)}
GROUP BY name, command, bucket
