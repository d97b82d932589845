-- The last version that has said for the first time what commands and options it has, and what it
-- said last: an older one that says so later is no news. It stands by itself, without what goes
-- before the others.
SELECT
    toString(version) AS version,
    JSONExtract(argMax(properties, seq) AS said, 'declared_commands', 'Array(String)') AS commands,
    JSONExtract(said, 'declared_options', 'Array(String)') AS options
FROM events
WHERE project = {project:UInt32} AND event = {event:String}
GROUP BY events.version
ORDER BY min(seq) DESC
LIMIT 1
