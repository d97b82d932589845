-- Where the next piece of the events between two times ends: after so many, or so many bytes.
SELECT max(seq)
FROM
(
    SELECT seq, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before
    FROM
    (
        SELECT seq, length(properties) + length(changes) AS size
        FROM events
        WHERE project = {project:UInt32}
          AND seq > {after:UInt64}
          AND seq <= {until:UInt64}
          AND timestamp >= {start:DateTime64(6, 'UTC')}
          AND timestamp < {end:DateTime64(6, 'UTC')}
        ORDER BY seq
        LIMIT {events:UInt32}
    )
)
WHERE before < {bytes:UInt64}
