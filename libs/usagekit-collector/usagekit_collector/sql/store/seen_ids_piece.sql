-- The same of the distinct_ids that have a person.
SELECT
    (SELECT count() FROM identity WHERE kind = 'distinct_id' AND version > {after:UInt64}) AS count,
    (
        SELECT max(version)
        FROM
        (
            SELECT version
            FROM identity
            WHERE kind = 'distinct_id' AND version > {after:UInt64}
            ORDER BY version
            LIMIT {limit:UInt32}
        )
    ) AS upto
