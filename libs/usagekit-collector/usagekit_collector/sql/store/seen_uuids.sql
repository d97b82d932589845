-- The second half of each event's UUID, as a number.
SELECT reinterpretAsUInt64(substring(UUIDToNum(uuid), 9, 8)) FROM events
