-- The order of arrival is no clock's any more: seq is a number, and the time stands by itself.
ALTER TABLE events ADD COLUMN IF NOT EXISTS
    arrived DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(toInt64(seq), 'UTC') AFTER seq
