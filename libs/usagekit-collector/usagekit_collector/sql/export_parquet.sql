-- All events between two times, a column each for what has one.
SELECT
    toString(events.uuid) AS uuid, timestamp, event, distinct_id,
    toString(if(merged.own_id = events.own_id, merged.person_id, events.own_id)) AS person_id,
    person_mode, command, version, outcome, failure_kind, error_type, os, python, ci, agent,
    duration, exit_code, changes, properties
FROM
(
    SELECT *
    FROM events
    WHERE project = {project:UInt32}
      AND timestamp >= {start:DateTime64(6, 'UTC')}
      AND timestamp < {end:DateTime64(6, 'UTC')}
) AS events
LEFT JOIN
(
    SELECT own_id, person_id
    FROM identity FINAL
    WHERE project = {project:UInt32} AND kind = 'distinct_id' AND own_id != person_id
) AS merged ON merged.own_id = events.own_id
ORDER BY seq
