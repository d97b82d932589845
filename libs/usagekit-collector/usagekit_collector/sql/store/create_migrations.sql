CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, at UInt64)
ENGINE = MergeTree ORDER BY number
SETTINGS
    fsync_after_insert = 1, fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1
