-- When the last event arrived, in microseconds.
SELECT toUnixTimestamp64Micro(max(arrived)) FROM events
