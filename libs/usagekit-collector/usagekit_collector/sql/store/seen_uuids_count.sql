-- How many events arrived after a number.
SELECT count() FROM events WHERE seq > {after:UInt64}
