-- The second half of the own UUID of each distinct_id that has a person, as a number: of those that
-- were stored last within a range.
SELECT reinterpretAsUInt64(substring(UUIDToNum(own_id), 9, 8))
FROM identity
WHERE kind = 'distinct_id' AND version > {after:UInt64} AND version <= {upto:UInt64}
