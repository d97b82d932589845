-- Who is who: each distinct_id's person, and each person. Derived from the events, in arrival order.
CREATE TABLE IF NOT EXISTS identity
(
    project UInt32,
    kind Enum8('mark' = 0, 'distinct_id' = 1, 'person' = 2),
    -- The distinct_id itself; the person's UUID; nothing for the mark.
    id String CODEC(ZSTD),
    person_id UUID,
    own_id UUID,
    is_identified Bool,
    created_at DateTime64(6, 'UTC'),
    properties String CODEC(ZSTD),
    is_deleted UInt8,
    -- The seq of the last event that has been folded into this row; the mark has the last of all.
    version UInt64,
    INDEX by_person person_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (project, kind, own_id)
SETTINGS
    index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1,
    -- What was deleted is gone from the files soon, and so is what was written down of it.
    old_parts_lifetime = 1, finished_mutations_to_keep = 1,
    cleanup_delay_period = 2, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
