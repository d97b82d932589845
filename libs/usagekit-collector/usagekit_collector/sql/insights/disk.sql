-- Bytes that the store takes, and that are free on the disk that has the least.
SELECT
    (
        SELECT sum(bytes_on_disk) FROM system.parts
        WHERE active AND database = currentDatabase()
    ) AS bytes,
    (SELECT min(free_space) FROM system.disks) AS free_bytes
