-- Projects, and the tokens that write into them.
CREATE TABLE IF NOT EXISTS projects
(
    token String,
    project UInt32,
    name String,
    created_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY token
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
