-- How often there were runs of each NAME, and by how many: what the others cost is not asked.
SELECT NAME AS name, count() AS count, uniqExact(person) AS persons, countIf(outcome = 'failed') AS failures
FROM seen
WHERE outcome != '' AND is_in_time AND is_asked_for
GROUP BY name
