CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, at UInt64)
ENGINE = MergeTree ORDER BY number
