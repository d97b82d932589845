-- All commands that are stored, by the numbers that stand for them elsewhere: 51 bits of a hash. It
-- stands by itself, without what goes before the others.
SELECT bitShiftRight(cityHash64(command), 13) AS hash, command
FROM (SELECT DISTINCT command FROM events WHERE project = {project:UInt32})
