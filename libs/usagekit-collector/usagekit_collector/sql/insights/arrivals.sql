-- What arrived on each day, and how long after it had happened: it stands by itself, without what goes
-- before the others. The clock of a sender may be ahead.
SELECT
    toDate32(toTimeZone(arrived, {tz:String})) AS day,
    count() AS count,
    quantilesExactInclusive(0.5, 0.95)(
        greatest(0, toUnixTimestamp64Micro(arrived) - toUnixTimestamp64Micro(timestamp)) / 1000000
    ) AS percentiles
FROM events
WHERE project = {project:UInt32}
    AND arrived >= {start:DateTime64(6, 'UTC')}
    AND arrived < {end:DateTime64(6, 'UTC')}
GROUP BY day
ORDER BY day
