-- What failures say of themselves, redacted by whoever sent them: what the most persons were told first.
SELECT
    message,
    count() AS count,
    uniqExact(person) AS persons,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen,
    argMax(version, timestamp) AS last_version,
    argMax(os, timestamp) AS last_os,
    argMax(python, timestamp) AS last_python,
    argMax(exit_code, timestamp) AS last_exit_code
FROM
(
    SELECT
        JSONExtractString(properties, 'error_message') AS message,
        person,
        timestamp,
        toString(version) AS version,
        toString(os) AS os,
        toString(python) AS python,
        exit_code
    FROM seen
    WHERE outcome = 'failed' AND is_in_time AND is_asked_for
)
GROUP BY message
ORDER BY persons DESC, count DESC, message
LIMIT {limit:UInt32}
