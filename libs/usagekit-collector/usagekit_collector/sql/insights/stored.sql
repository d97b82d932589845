-- How much there is of all projects, and when the last event of this one arrived: null if none has.
SELECT
    (SELECT arrived FROM events WHERE project = {project:UInt32} ORDER BY seq DESC LIMIT 1)
        AS last_arrived,
    (SELECT count() FROM events) AS events,
    version() AS engine
