-- How many persons got through so many steps, and no more.
--
-- A moment is a microsecond with room for 32 steps in it, the last step first: nothing comes after
-- what happened in the same microsecond, and one event is never two steps. The window is counted
-- in the same unit.
SELECT steps, count() AS persons
FROM
(
    SELECT
        windowFunnel({window:UInt64})(
            moment, step = 1, step = 2, step = 3, step = 4, step = 5, step = 6, step = 7, step = 8,
            step = 9, step = 10, step = 11, step = 12, step = 13, step = 14, step = 15, step = 16,
            step = 17, step = 18, step = 19, step = 20
        ) AS steps
    FROM
    (
        SELECT
            person,
            step,
            toUnixTimestamp64Micro(timestamp)
                - toUnixTimestamp64Micro({start:DateTime64(6, 'UTC')}) AS since_start,
            toUInt64(since_start * 32 + 31 - step) AS moment
        FROM seen
        INNER JOIN
        (
            SELECT
                arrayJoin(arrayEnumerate({steps:Array(String)})) AS step,
                toLowCardinality(({steps:Array(String)})[step]) AS name
        ) AS funnel ON funnel.name = if({by:String} = 'event', seen.event, seen.command)
        WHERE is_in_time AND is_asked_for
            AND if({by:String} = 'event', event, command) IN {steps:Array(String)}
            AND (outcome != '' OR {by:String} = 'event')
    )
    GROUP BY person
)
GROUP BY steps
