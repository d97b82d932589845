-- What was captured, as it was captured, in the order in which it arrived. The writer sees to it
-- that (project, uuid) is there once; events come in about the order of their times, so that
-- questions about a few days read a few days.
CREATE TABLE IF NOT EXISTS events
(
    project UInt32,
    -- Its arrival number: strictly increasing. Earlier versions made it of the time, in microseconds.
    seq UInt64,
    uuid UUID,
    timestamp DateTime64(6, 'UTC'),
    event LowCardinality(String),
    distinct_id String CODEC(ZSTD),
    -- The person that this distinct_id is by itself.
    own_id UUID,
    person_mode LowCardinality(String),
    -- The distinct_id that this event wishes to fold into its own; empty if it does not.
    merged_id String CODEC(ZSTD),
    -- $set, $set_once and $unset as JSON; empty if there are none, and the event makes nobody.
    changes String CODEC(ZSTD),
    command LowCardinality(String),
    version LowCardinality(String),
    outcome LowCardinality(String),
    failure_kind LowCardinality(String),
    error_type LowCardinality(String),
    os LowCardinality(String),
    python LowCardinality(String),
    ci LowCardinality(String),
    agent LowCardinality(String),
    duration Nullable(Float64),
    exit_code Nullable(Int32),
    -- All other properties, as JSON.
    properties String CODEC(ZSTD),
    INDEX by_time timestamp TYPE minmax GRANULARITY 1,
    INDEX by_uuid uuid TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_own_id own_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (project, seq)
SETTINGS
    fsync_after_insert = 1, fsync_part_directory = 1,
    -- What was deleted is gone from the files soon, and so is what was written down of it.
    old_parts_lifetime = 1, finished_mutations_to_keep = 1,
    cleanup_delay_period = 2, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
