-- How many events arrived after a number; and at which number so many of them have arrived.
SELECT
    (SELECT count() FROM events WHERE seq > {after:UInt64}) AS count,
    (
        SELECT max(seq)
        FROM (SELECT seq FROM events WHERE seq > {after:UInt64} ORDER BY seq LIMIT {limit:UInt32})
    ) AS upto
