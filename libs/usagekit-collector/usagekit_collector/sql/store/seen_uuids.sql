-- The second half of the UUID of each event that arrived within a range, as a number.
SELECT reinterpretAsUInt64(substring(UUIDToNum(uuid), 9, 8))
FROM events
WHERE seq > {after:UInt64} AND seq <= {upto:UInt64}
