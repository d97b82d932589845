-- Who writes: the last to have said so, until then. A row is the last word of one collector.
CREATE TABLE IF NOT EXISTS owner
(
    id UUID,
    host String,
    pid UInt32,
    at DateTime64(6, 'UTC'),
    until DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
