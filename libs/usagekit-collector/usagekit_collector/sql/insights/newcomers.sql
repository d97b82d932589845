-- How many were there for the first time of all that is stored.
SELECT count() AS persons
FROM
(
    SELECT person
    FROM seen
    GROUP BY person
    HAVING min(timestamp) >= {start:DateTime64(6, 'UTC')}
        AND min(timestamp) < {end:DateTime64(6, 'UTC')}
        AND countIf(outcome != '' AND is_in_time AND is_asked_for) > 0
)
