-- A TTL takes no bound parameter: the number of days is put in, and it is one.
ALTER TABLE LOCAL_EVENTS MODIFY TTL toDateTime(timestamp, 'UTC') + INTERVAL_DAYS
    DELETE WHERE merged_id = '' AND changes = ''
