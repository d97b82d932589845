-- The runs of each command of each NAME, as sums over persons.
SELECT
    name,
    command,
    count() AS persons,
    sum(own_runs) AS runs,
    sum(own_failures) AS failures,
    sum(own_runs * own_runs) AS runs2,
    sum(own_failures * own_failures) AS failures2,
    sum(own_runs * own_failures) AS both
FROM
(
    SELECT
        NAME AS name,
        command,
        person,
        count() AS own_runs,
        countIf(outcome = 'failed') AS own_failures
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
    GROUP BY name, command, person
)
WHERE empty({names:Array(String)}) OR name IN {names:Array(String)}
GROUP BY name, command
