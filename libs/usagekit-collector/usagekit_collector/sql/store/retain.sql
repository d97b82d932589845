-- A TTL takes no bound parameter: the number of days is put in, and it is one.
ALTER TABLE events MODIFY TTL toDateTime(timestamp, 'UTC') + INTERVAL_DAYS
    DELETE WHERE merged_id = '' AND changes = ''
