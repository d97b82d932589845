-- A page of events, with whom they belong to by what is known now.
SELECT events.*, if(merged.own_id = events.own_id, merged.person_id, events.own_id) AS person
FROM
(
    SELECT *
    FROM events
    WHERE project = {project:UInt32}
      AND seq < {before:UInt64}
      AND timestamp >= {start:DateTime64(6, 'UTC')}
      AND timestamp < {end:DateTime64(6, 'UTC')}
      AND ({event:String} = '' OR event = {event:String})
      AND ({command:String} = '' OR command = {command:String})
      AND ({distinct_id:String} = '' OR distinct_id = {distinct_id:String})
    ORDER BY seq DESC
    LIMIT {limit:UInt32}
) AS events
LEFT JOIN
(MERGED) AS merged ON merged.own_id = events.own_id
ORDER BY seq DESC
