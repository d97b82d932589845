-- In how many events a property is, of those with a column and of the others.
SELECT
    field.1 AS name,
    field.2 AS is_column,
    count() AS count,
    uniqExact(person) AS persons,
    max(timestamp) AS last_seen,
    argMax(version, timestamp) AS last_version
FROM
(
    SELECT
        person,
        timestamp,
        version,
        arrayJoin(arrayConcat(
            arrayMap(name -> (name, 0), JSONExtractKeys(properties)),
            arrayFilter(
                one -> one.1 != '',
                [
                    (if(command = '', '', 'command'), 1), (if(version = '', '', 'version'), 1),
                    (if(failure_kind = '', '', 'failure_kind'), 1),
                    (if(error_type = '', '', 'error_type'), 1), (if(os = '', '', 'os'), 1),
                    (if(python = '', '', 'python'), 1), (if(ci = '', '', 'ci'), 1),
                    (if(agent = '', '', 'agent'), 1), (if(duration IS NULL, '', 'duration'), 1),
                    (if(exit_code IS NULL, '', 'exit_code'), 1)
                ]
            )
        )) AS field
    FROM seen
    WHERE is_in_time AND is_asked_for
)
GROUP BY name, is_column
ORDER BY count DESC, name
LIMIT {limit:UInt32}
