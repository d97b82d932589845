-- The commands by what neighbours.sql calls them.
SELECT DISTINCT sipHash64(command) AS hash, command FROM seen WHERE outcome != '' AND is_in_time
