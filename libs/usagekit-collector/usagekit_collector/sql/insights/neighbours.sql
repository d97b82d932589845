-- What was run right before a command and right after it, by the same person in the same sitting: no
-- more than half an hour apart. Commands are told apart by their number in hashes.sql, which takes
-- less memory.
SELECT side, other, count() AS count, uniqExact(person) AS persons
FROM
(
    SELECT
        person,
        arraySort(groupArray((toUnixTimestamp64Micro(timestamp), bitShiftRight(cityHash64(command), 13)))) AS own,
        arrayJoin(arrayFilter(nth -> own[nth].2 = bitShiftRight(cityHash64({of:String}), 13), arrayEnumerate(own))) AS at,
        arrayJoin([
            ('before', if(at > 1 AND own[at].1 - own[at - 1].1 <= 1800000000, own[at - 1].2, 0)),
            ('after', if(at < length(own) AND own[at + 1].1 - own[at].1 <= 1800000000, own[at + 1].2, 0))
        ]) AS neighbour,
        neighbour.1 AS side,
        neighbour.2 AS other
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
    GROUP BY person
)
GROUP BY side, other
ORDER BY side DESC, count DESC, other
