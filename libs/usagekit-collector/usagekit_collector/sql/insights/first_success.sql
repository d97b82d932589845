-- How many seconds it took from a person's first event of all that are stored to their first success
-- that is asked for; of those who are newcomers as newcomers.sql has it. Whose IDs these are is asked
-- once for each, not for each event.
SELECT
    count() AS persons,
    count(seconds) AS succeeded,
    countIf(seconds = 0) AS at_once,
    countIf(seconds <= 3600) AS in_an_hour,
    countIf(seconds <= 86400) AS in_a_day,
    countIf(seconds <= 604800) AS in_a_week,
    quantilesExactInclusive(0.5, 0.95)(seconds) AS percentiles
FROM
(
    SELECT
        if(merged.half = own_half, merged.person, own_half) AS person,
        min(own_first) AS first,
        max(own_is_there) AS is_there,
        min(own_success) AS success,
        (toUnixTimestamp64Micro(success) - toUnixTimestamp64Micro(first)) / 1000000 AS seconds
    FROM
    (
        SELECT
            own_half,
            min(timestamp) AS own_first,
            max(outcome != '' AND is_asked_for AND is_in_time) AS own_is_there,
            minOrNullIf(
                timestamp,
                outcome = 'succeeded' AND is_asked_for AND ({of:String} = '' OR command = {of:String})
            ) AS own_success
        FROM done
        GROUP BY own_half
    ) AS own
    LEFT ANY JOIN merged ON merged.half = own.own_half
    GROUP BY person
)
WHERE is_there
    AND first >= {start:DateTime64(6, 'UTC')}
    AND first < {end:DateTime64(6, 'UTC')}
