-- Each version: when so many persons had run it for the first time, which is when it was released,
-- and how it was run in the time that is asked for. Who tries it out before is not so many.
SELECT
    version,
    arraySlice(groupArraySorted(10)(own_first), 1, 10) AS firsts,
    firsts[1] AS first_seen,
    if(length(firsts) < {few:UInt8}, NULL, firsts[{few:UInt8}]) AS released,
    sum(own_runs) AS count,
    countIf(own_runs > 0) AS persons,
    sum(own_failures) AS failures,
    max(own_last) AS last_seen
FROM
(
    SELECT
        version,
        person,
        min(timestamp) AS own_first,
        max(timestamp) AS own_last,
        countIf(is_in_time AND is_asked_for) AS own_runs,
        countIf(is_in_time AND is_asked_for AND outcome = 'failed') AS own_failures
    FROM seen
    WHERE outcome != ''
    GROUP BY version, person
)
GROUP BY version
