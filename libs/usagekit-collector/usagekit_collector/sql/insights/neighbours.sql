-- What was run right before a command and right after it, by the same person in the same sitting: no
-- more than half an hour apart.
SELECT side, other AS command, count() AS count, uniqExact(person) AS persons
FROM
(
    SELECT
        person,
        command,
        arrayJoin([
            ('before', if(nth > 1 AND dateDiff('second', earlier_at, timestamp) <= 1800, earlier, '')),
            ('after', if(nth < total AND dateDiff('second', timestamp, later_at) <= 1800, later, ''))
        ]) AS neighbour,
        neighbour.1 AS side,
        neighbour.2 AS other
    FROM
    (
        SELECT
            person,
            command,
            timestamp,
            row_number() OVER own AS nth,
            count() OVER own AS total,
            lagInFrame(command) OVER own AS earlier,
            lagInFrame(timestamp) OVER own AS earlier_at,
            leadInFrame(command) OVER own AS later,
            leadInFrame(timestamp) OVER own AS later_at
        FROM seen
        WHERE outcome != '' AND is_in_time AND is_asked_for
        WINDOW own AS (
            PARTITION BY person ORDER BY timestamp, command
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    )
    WHERE command = {of:String}
)
GROUP BY side, other
ORDER BY side DESC, count DESC, command
