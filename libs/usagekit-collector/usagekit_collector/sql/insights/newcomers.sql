-- How many were there for the first time of all that is stored, in the time that is asked for; and how
-- many in the time before it. Whose IDs these are is asked once for each, not for each event.
SELECT
    countIf(first >= {start:DateTime64(6, 'UTC')} AND first < {end:DateTime64(6, 'UTC')} AND is_there)
        AS persons,
    countIf(first >= {before:DateTime64(6, 'UTC')} AND first < {start:DateTime64(6, 'UTC')} AND was_there)
        AS persons_before
FROM
(
    SELECT
        if(merged.half = own_half, merged.person, own_half) AS person,
        min(own_first) AS first,
        max(own_is_there) AS is_there,
        max(own_was_there) AS was_there
    FROM
    (
        SELECT
            own_half,
            min(timestamp) AS own_first,
            max(outcome != '' AND is_asked_for AND is_in_time) AS own_is_there,
            max(
                outcome != '' AND is_asked_for AND timestamp >= {before:DateTime64(6, 'UTC')}
                AND timestamp < {start:DateTime64(6, 'UTC')}
            ) AS own_was_there
        FROM done
        GROUP BY own_half
    ) AS own
    LEFT ANY JOIN merged ON merged.half = own.own_half
    GROUP BY person
)
