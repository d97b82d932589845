-- How much there is.
SELECT
    (SELECT count() FROM events),
    (SELECT count() FROM identity FINAL WHERE kind = 'person'),
    (SELECT count() FROM system.parts WHERE active AND database = currentDatabase()),
    (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase())
