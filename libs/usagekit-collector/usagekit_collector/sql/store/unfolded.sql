-- Events that may say something new of who is who, in the order in which they arrived: those that
-- wish to merge or to change, and the first ones of a person.
SELECT project, seq, event, distinct_id, timestamp, merged_id, changes
FROM events
WHERE seq > {after:UInt64}
  AND person_mode = 'full'
  AND (merged_id != '' OR changes != '' OR own_id NOT IN (
      SELECT own_id FROM identity FINAL WHERE kind = 'distinct_id' AND {after:UInt64} > 0
  ))
ORDER BY seq
LIMIT {limit:UInt32}
