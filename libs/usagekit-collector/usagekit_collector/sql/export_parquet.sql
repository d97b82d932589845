-- A piece of the events between two times, in the order in which they arrived: a column each for
-- what has one. A NUL stands for an ID that was deleted; empty changes only mark a person's first.
SELECT
    toString(events.uuid) AS uuid, event, distinct_id,
    toString(if(merged.own_id = events.own_id, merged.person_id, events.own_id)) AS person_id,
    person_mode, timestamp, arrived, command, version, outcome, failure_kind, error_type, os, python, ci, agent, duration, exit_code,
    if(events.merged_id = '\0', '', events.merged_id) AS merged_id,
    if(events.changes = '{}', '', events.changes) AS changes,
    properties
FROM
(
    SELECT *
    FROM events
    WHERE project = {project:UInt32}
      AND seq > {after:UInt64}
      AND seq <= {until:UInt64}
      AND timestamp >= {start:DateTime64(6, 'UTC')}
      AND timestamp < {end:DateTime64(6, 'UTC')}
) AS events
LEFT JOIN
(
    SELECT *
    FROM (MERGED)
    WHERE own_id IN
    (
        SELECT own_id
        FROM events
        WHERE project = {project:UInt32} AND seq > {after:UInt64} AND seq <= {until:UInt64}
    )
) AS merged ON merged.own_id = events.own_id
ORDER BY seq
