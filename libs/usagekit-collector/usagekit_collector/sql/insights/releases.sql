-- When each of these versions had been run for the first time by so many persons, until some time.
SELECT version, arrayElement(groupArraySorted(10)(own_first), {few:UInt8}) AS released, count() AS persons
FROM
(
    SELECT version, person, min(timestamp) AS own_first
    FROM seen
    WHERE outcome != '' AND version IN {versions:Array(String)}
        AND timestamp <= transform(
            toString(version), {versions:Array(String)}, {until:Array(DateTime64(6, 'UTC'))}, timestamp
        )
    GROUP BY version, person
)
GROUP BY version
