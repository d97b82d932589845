-- Says who writes, for so many milliseconds: if it was they who said so last; or, for a new one, if
-- the time of whoever did is over.
INSERT INTO owner (id, host, pid, at, until)
SELECT
    {id:UUID}, {host:String}, {pid:UInt32}, now64(6), now64(6) + toIntervalMillisecond({lease:UInt32})
FROM (SELECT argMax(id, (at, id)) AS last, argMax(until, (at, id)) AS their_time FROM owner)
WHERE last = {id:UUID} OR ({is_new:Bool} AND their_time <= now64(6))
SETTINGS parallel_distributed_insert_select = 0
