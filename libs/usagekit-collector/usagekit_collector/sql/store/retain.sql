-- A TTL takes no bound parameter: the number of days is put in, and it is one. It is a DateTime
-- within that type's range, which older servers ask for; beyond, it would be another time.
ALTER TABLE LOCAL_EVENTS MODIFY TTL
    toDateTime(
        least(
            greatest(timestamp + INTERVAL_DAYS, toDateTime64('1970-01-02 00:00:00', 6, 'UTC')),
            toDateTime64('2106-01-01 00:00:00', 6, 'UTC')
        ),
        'UTC'
    )
    DELETE WHERE merged_id = '' AND changes = ''
