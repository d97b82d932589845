-- Bytes that are free, on the disk that has the least.
SELECT min(free_space) FROM system.disks
